/** Describes the data of a run, with a hash of all images and labels, so that a resumed run can check its data. */
import { createHash } from 'node:crypto'
import * as Standardisation from '../data/set/Standardisation.js'
import { size, type ImageSet, type Splits } from '../data/set/ImageSet.js'
import type { Header } from '../../core/log/RunLog.js'

/** Sizes of the sets, the first 16 hex digits of SHA-256 over their content, the scale of their pixels if it was decided, and how they were standardised. */
export const describeData = ({
  train,
  validation,
  test,
  reading,
  standardisation,
}: Splits): Header['data'] => {
  const hash = createHash('sha256')
  const add = ({ images, labels, shape, classes }: ImageSet): void => {
    hash.update(JSON.stringify({ shape, classes, size: labels.length }))
    hash.update(new Uint8Array(images.buffer, images.byteOffset, images.byteLength))
    hash.update(labels)
  }
  add(train)
  add(validation)
  if (test !== null) add(test)
  return {
    train: size(train),
    validation: size(validation),
    test: test === null ? null : size(test),
    fingerprint: hash.digest('hex').slice(0, 16),
    ...(reading === undefined ? {} : { scale: reading.scale }),
    ...(standardisation === undefined ? {} : { standardised: Standardisation.recorded(standardisation) }),
  }
}

/** All data sets that the cache can hold; the command line lists them. */
import { cifar10Set } from './cifar10.js'
import { fashionMnistSet } from './fashionMnist.js'
import { mnistSet } from './mnist.js'
import type { StoredSet } from './StoredSet.js'

/** All stored sets. `from`: the folder of a set that is copied instead of downloaded. */
export const storedSets = (from?: string): ReadonlyArray<StoredSet> => [
  mnistSet(),
  fashionMnistSet(from),
  cifar10Set(),
]

/** The data sets that can be put into the cache, by their names on the command line. */
import { cifar10Set } from './cifar10.js'
import { fashionMnistSet } from './fashionMnist.js'
import { mnistSet } from './mnist.js'
import type { StoredSet } from './StoredSet.js'

/** `from`: the folder of a set that is copied and not downloaded. */
export const storedSets = (from?: string): ReadonlyArray<StoredSet> => [
  mnistSet(),
  fashionMnistSet(from),
  cifar10Set(),
]

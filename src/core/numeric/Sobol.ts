/**
 * The Sobol' sequence in up to 21 dimensions.
 *
 * Polynomials and initial direction numbers: S. Joe & F. Y. Kuo, "Constructing Sobol sequences with better
 * two-dimensional projections", SIAM J. Sci. Comput. 30 (2008) 2635–2654, file new-joe-kuo-6.21201. Points are
 * generated in Gray-code order (Antonov & Saleev 1979).
 */

/**
 * By dimension: the coefficients of the primitive polynomial as binary digits, and the first direction numbers m_1,
 * m_2, ….
 */
const directions: ReadonlyArray<readonly [number, ReadonlyArray<number>]> = [
  [1, []],
  [3, [1]],
  [7, [1, 3]],
  [11, [1, 3, 1]],
  [13, [1, 1, 1]],
  [19, [1, 1, 3, 3]],
  [25, [1, 3, 5, 13]],
  [37, [1, 1, 5, 5, 17]],
  [41, [1, 1, 5, 5, 5]],
  [47, [1, 1, 7, 11, 19]],
  [55, [1, 1, 5, 1, 1]],
  [59, [1, 1, 1, 3, 11]],
  [61, [1, 3, 5, 5, 31]],
  [67, [1, 3, 3, 9, 7, 49]],
  [91, [1, 1, 1, 15, 21, 21]],
  [97, [1, 3, 1, 13, 27, 49]],
  [103, [1, 1, 1, 15, 7, 5]],
  [109, [1, 3, 1, 15, 13, 25]],
  [115, [1, 1, 5, 5, 19, 61]],
  [131, [1, 3, 7, 11, 23, 15, 103]],
  [137, [1, 3, 7, 13, 13, 15, 69]],
]

/** The largest dimension with direction numbers. */
export const maxDimension = directions.length

const bits = 32

/** The direction numbers v_1 … v_32 of a dimension, as 32-bit binary fractions. */
const directionNumbers = ([polynomial, first]: readonly [number, ReadonlyArray<number>]): Uint32Array => {
  const v = new Uint32Array(bits)
  const degree = first.length
  for (let k = 0; k < bits; k++) {
    if (degree === 0) v[k] = 2 ** (bits - 1 - k)
    else if (k < degree) v[k] = first[k]! * 2 ** (bits - 1 - k)
    else {
      let next = v[k - degree]! ^ (v[k - degree]! >>> degree)
      for (let j = 1; j < degree; j++) if (((polynomial >>> (degree - j)) & 1) === 1) next = next ^ v[k - j]!
      v[k] = next >>> 0
    }
  }
  return v
}

/**
 * The first `count` (< 2^32) points in `dimension` (≤ {@link maxDimension}) dimensions. A coordinate x/2^32 is stored
 * as the 32-bit integer x. The first point is the origin.
 */
export const sequence = (count: number, dimension: number): ReadonlyArray<Uint32Array> => {
  const columns = directions.slice(0, dimension).map(directionNumbers)
  const current = new Uint32Array(columns.length)
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) {
      // The bit that changes between the Gray codes of i − 1 and i is the lowest one set in i.
      const changed = 31 - Math.clz32(i & -i)
      for (let k = 0; k < columns.length; k++) current[k] = current[k]! ^ columns[k]![changed]!
    }
    return current.slice()
  })
}

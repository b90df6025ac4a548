/** Limits on the size of data. Readers check them before they allocate, so that a bad file costs no memory. */

/** The limit of pixel values of one data set (2^28, which take 1 GiB as float32). MNIST's training set has 2^25.5. */
export const maxPixels = 2 ** 28

/** The limit of bytes of one file, or of one array in an archive: {@link maxPixels} as float32, and a header. */
export const maxFileBytes = 4 * maxPixels + 2 ** 16

/** The limit of classes, since labels are bytes. */
export const maxClasses = 256

/** A number with separators, for people: 47,040,016. */
export const group = (value: number): string => value.toLocaleString('en-US')

/** How much is read at once: checked before anything is allocated, so that a bad file costs a message and no memory. */

/** The most pixel values of one data set (2^28; as float32 they take 1 GiB). MNIST's training set has 2^25.5. */
export const maxPixels = 2 ** 28

/** The most bytes of one file or of one array in an archive: {@link maxPixels} as float32, and room for a header. */
export const maxFileBytes = 4 * maxPixels + 2 ** 16

/** Labels are kept in bytes. */
export const maxClasses = 256

/** A count as a reader likes it: 47,040,016. */
export const group = (value: number): string => value.toLocaleString('en-US')

/** Text for a terminal. */

/** Columns of a standard terminal. */
const width = 80

/** Wraps a text between words, into lines of at most `columns` characters (a longer word gets its own line). */
export const wrapped = (text: string, columns = width): string =>
  text
    .split(' ')
    .reduce<ReadonlyArray<string>>((lines, word) => {
      const last = lines.at(-1)
      return last !== undefined && last.length + 1 + word.length <= columns
        ? [...lines.slice(0, -1), `${last} ${word}`]
        : [...lines, word]
    }, [])
    .join('\n')

/** Text for a terminal. */

/** What any terminal has. */
const width = 80

/** A text broken between words, in lines of at most so many columns (longer words excepted). */
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

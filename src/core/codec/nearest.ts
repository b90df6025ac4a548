/** Finds the known word that a misspelt one most likely means. */

/** Damerau–Levenshtein distance (adjacent transpositions count once), in O(|a|·|b|). */
export const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substituted, swapped))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** Longer words are no typing errors, and their distances are costly to compute. */
const longest = 64

/**
 * The nearest of `known`, or `undefined` if none is near: at most two edits (one in a word
 * of three letters), or a third of the word's length. A prefix
 * of at least three letters is near as well (`val` means `validation`). Upper and lower case are alike.
 */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  if (word.length > longest) return undefined
  const lower = word.toLowerCase()
  const ranked = known
    .map(candidate => {
      const other = candidate.toLowerCase()
      const prefix =
        lower.length >= 3 && (other.startsWith(lower) || (other.length >= 3 && lower.startsWith(other)))
      const away = distance(lower, other)
      return { candidate, edits: prefix ? Math.min(1, away) : away, away }
    })
    // If two are equally near, as a prefix and a typing error may be, prefer the one that differs less.
    .sort((p, q) => p.edits - q.edits || p.away - q.away)
  const best = ranked[0]
  // Two edits make almost any word of three letters into any other: `per` is not `upper`.
  const tolerated = word.length <= 3 ? Math.min(1, word.length - 1) : Math.max(2, Math.floor(word.length / 3))
  if (best === undefined || best.edits > tolerated) return undefined
  // `gpu` is not a misspelt `cpu`.
  return word.length <= 3 && best.candidate[0]?.toLowerCase() !== lower[0] ? undefined : best.candidate
}

/**
 * Edits the tags of an SVG picture, one after another, and leaves its text alone.
 *
 * A pattern that looks back to the `<` of its tag does the same, but looks back at every character: that was a third of the time
 * of a report.
 */
export const inTags =
  (edit: (tag: string) => string) =>
  (svg: string): string =>
    svg.replace(/<[^<>]*/g, edit)

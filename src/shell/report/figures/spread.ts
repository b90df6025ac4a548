/** Figure: the spread of λ's components during a run, if there are too many to draw each. */
import { spreadRows } from '../data/spread.js'
import type { Run } from '../Run.js'
import { panelWidth, rounded, type Figure } from './Figure.js'
import { bands, text } from './theme.js'

/** The most panels; more would be unreadable. */
const mostGroups = 4

/** The figure of a run; `null` if the run has no solves. */
export const spreadFigure = (run: Run, id: string): Figure | null => {
  const rows = spreadRows(run)
  const last = rows[rows.length - 1]
  if (last === undefined) return null
  const groups = [...new Set(rows.map(({ group }) => group))]
  const shown = groups.slice(0, mostGroups)
  const ends = shown.flatMap(group => rows.findLast(row => row.group === group) ?? [])
  return {
    id,
    title: `The spread of λ during ${run.name}`,
    description:
      `All ${run.space.length} hyperparameters, at each λ at which the lower level was solved. The line is the median; the dark ` +
      'band covers the middle 80 %, the light band all. ' +
      (groups.length > shown.length ? `${groups.length - shown.length} more families are not drawn. ` : '') +
      `At the end: ${ends
        .map(
          ({ group, least, low, median, high, largest }) =>
            `${group} from ${rounded(least)} to ${rounded(largest)}, the middle 80 % from ${rounded(low)} to ${rounded(high)}, median ${rounded(median)}`,
        )
        .join('; ')}.`,
    spec: frame => {
      const columns = shown.length === 1 ? 1 : frame.columns
      const width = panelWidth(frame, columns)
      return {
        concat: shown.map(group => {
          const x = { field: 'epochs', type: 'quantitative', title: 'epochs', scale: { nice: false } }
          const y = (field: string) => ({
            field,
            type: 'quantitative',
            title: `λ: ${group}`,
            scale: { zero: false, padding: 6 },
          })
          const area = (from: string, to: string, band: number) => ({
            mark: { type: 'area', color: bands[band]!.light, stroke: text.light, strokeWidth: 0.6 },
            encoding: { x, y: y(from), y2: { field: to } },
          })
          return {
            width,
            height: Math.round(Math.min(260, 0.6 * width)),
            data: { values: rows.filter(row => row.group === group) },
            layer: [
              area('least', 'largest', 1),
              area('low', 'high', 5),
              {
                mark: { type: 'line', color: text.light, strokeWidth: 2 },
                encoding: { x, y: y('median') },
              },
            ],
          }
        }),
        columns,
        spacing: 20,
      }
    },
    table: {
      head: ['family', 'epochs', 'least', '10 %', 'median', '90 %', 'largest'],
      rows: rows.map(({ group, epochs, least, low, median, high, largest }) => [
        group,
        epochs,
        least,
        low,
        median,
        high,
        largest,
      ]),
    },
  }
}

/** Figure: how the components of λ spread on a run's way, where there are too many to draw each. */
import { spreadRows } from '../data/spread.js'
import type { Run } from '../Run.js'
import { panelWidth, rounded, type Figure } from './Figure.js'
import { bands, text } from './theme.js'

/** More panels than these nobody compares. */
const mostGroups = 4

/** `null` for a run without a solve. */
export const spreadFigure = (run: Run, id: string): Figure | null => {
  const rows = spreadRows(run)
  const last = rows[rows.length - 1]
  if (last === undefined) return null
  const groups = [...new Set(rows.map(({ group }) => group))]
  const shown = groups.slice(0, mostGroups)
  const ends = shown.flatMap(group => rows.findLast(row => row.group === group) ?? [])
  return {
    id,
    title: `The spread of λ on the way of ${run.name}`,
    description:
      `Of all ${run.space.length} hyperparameters, at each λ at which the lower level was solved: the line is the median, the dark ` +
      'band has the middle 80 %, the light one all. ' +
      (groups.length > shown.length ? `${groups.length - shown.length} more families are not drawn. ` : '') +
      `At the end: ${ends
        .map(
          ({ group, least, low, median, high, largest }) =>
            `${group} from ${rounded(least)} to ${rounded(largest)}, 80 % within ${rounded(low)} and ${rounded(high)}, median ${rounded(median)}`,
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

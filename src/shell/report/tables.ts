/** The tables of a page: results, settings, and the numbers of a figure. */
import { meanLines, resultLines, type Measures, type Moment, type ResultLine } from './data/results.js'
import { decayText } from '../base/WeightDecays.js'
import { settings } from './data/setup.js'
import type { Entry, Table } from './figures/Figure.js'
import { html, type Html } from './Html.js'
import type { Run } from './Run.js'
import type { Task } from './Task.js'

const dash = html`<span class="none">–</span>`

const mark = '†'
const trackedMark = '‡'

type Format = (value: number) => string
const loss: Format = value => value.toFixed(4)
const integer: Format = value => value.toFixed(0)
const tenths: Format = value => value.toFixed(1)
const percent: Format = value => (100 * value).toFixed(2)

interface Column {
  readonly name: keyof Measures
  readonly label: string
  readonly format: Format
  readonly suffix: string
}

const column = (name: keyof Measures, label: string, format: Format, suffix = ''): Column => ({
  name,
  label,
  format,
  suffix,
})

interface Group {
  readonly label: string
  readonly columns: ReadonlyArray<Column>
  /** Whether it is left out if no run has its measures. */
  readonly optional?: boolean
}

const groups: ReadonlyArray<Group> = [
  {
    label: 'until λ was found',
    columns: [
      column('lowerLevelSolves', 'solves', integer),
      column('epochs', 'epochs', integer),
      column('seconds', 'seconds', tenths),
    ],
  },
  {
    label: 'trained (training set)',
    columns: [column('trainedValidation', 'valid. loss', loss), column('trainedTest', 'test loss', loss)],
  },
  {
    label: `tracked${trackedMark} (training set, along λ's path)`,
    optional: true,
    columns: [
      column('trackedValidation', 'valid. loss', loss, trackedMark),
      column('trackedTest', 'test loss', loss, trackedMark),
    ],
  },
  {
    label: `refitted${mark} (training + valid.)`,
    columns: [
      column('refitTest', 'test loss', loss, mark),
      column('refitAccuracy', 'test acc. %', percent, mark),
    ],
  },
  {
    label: `path refit${mark} (training + valid., along λ's path)`,
    optional: true,
    columns: [
      column('pathRefitTest', 'test loss', loss, mark),
      column('pathRefitAccuracy', 'test acc. %', percent, mark),
    ],
  },
  {
    label: `bilevel weights${mark}`,
    columns: [column('ownValidation', 'valid. loss', loss, mark), column('ownTest', 'test loss', loss, mark)],
  },
]

/** The groups that a table of these lines needs. */
const neededGroups = (lines: ReadonlyArray<ResultLine>): ReadonlyArray<Group> =>
  groups.filter(
    ({ optional = false, columns }) =>
      !optional || lines.some(({ measures }) => columns.some(({ name }) => measures[name] !== null)),
  )

const mostComponents = 4

const listText = (components: ReadonlyArray<number>, text: (component: number) => string): string =>
  components.slice(0, mostComponents).map(text).join(', ') +
  (components.length > mostComponents ? `, … (${components.length})` : '')

const lambdaText = (lambda: ReadonlyArray<number>): string =>
  listText(lambda, component => component.toFixed(3))

const decayNote = (decays: ReadonlyArray<number> | null): Html | string =>
  decays === null ? '' : html`<br /><small>weight decay ${listText(decays, decayText)}</small>`

const valueCell = ({ format, suffix }: Column, value: number | null): Html =>
  value === null ? html`<td class="n">${dash}</td>` : html`<td class="n">${format(value)}${suffix}</td>`

const momentCell = ({ format, suffix }: Column, moment: Moment | null): Html =>
  moment === null
    ? html`<td class="n">${dash}</td>`
    : html`<td class="n">${format(moment.mean)}${suffix}<br /><small>± ${format(moment.error)}</small></td>`

/** Puts a table into a scrollable box that the keyboard can reach. */
const scrolling = (label: string, table: Html): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${table}</div>`

/** The table of a task's results. */
export const resultsTable = (task: Task): Html => {
  const lines = task.runs.flatMap(resultLines)
  const shown = neededGroups(lines)
  const columns = shown.flatMap(group => group.columns)
  const unfinished = task.runs.filter(({ outcome }) => outcome === null).map(({ name }) => name)
  const body = html`${meanLines(task.runs).map(
    ({ method, runs, measures }) =>
      html`<tr class="mean">
        <th scope="row">${method}</th>
        <td colspan="2">mean ± standard error of ${runs} runs</td>
        <td></td>
        ${columns.map(entry => momentCell(entry, measures[entry.name]))}
      </tr>`,
  )}${lines.map(
    ({ method, run, row, lambda, weightDecay, measures }) =>
      html`<tr>
        <th scope="row">${method}</th>
        <td>${run}</td>
        <td>${row}</td>
        <td>${lambdaText(lambda)}${decayNote(weightDecay)}</td>
        ${columns.map(entry => valueCell(entry, measures[entry.name]))}
      </tr>`,
  )}`
  const table = html`<table class="results">
    <thead>
      <tr>
        <td colspan="4"></td>
        ${shown.map(
          group => html`<th scope="colgroup" colspan="${group.columns.length}">${group.label}</th>`,
        )}
      </tr>
      <tr>
        <th scope="col">method</th>
        <th scope="col">run</th>
        <th scope="col">row</th>
        <th scope="col">λ</th>
        ${columns.map(({ label }) => html`<th scope="col" class="n">${label}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${body}
    </tbody>
  </table>`
  return html`${lines.length === 0 ? html`<p>No run has ended yet.</p>` : scrolling('Results', table)}
    <p>
      Losses are means over a set. Weights without a mark were trained on the training set alone. λ was
      selected on the validation set; nothing was selected on the test set. ${mark} These weights used
      validation data, too: refitted weights were trained on both sets together, and the bilevel weights were
      also trained on the validation loss. Compare them only on the test set, and only with weights that used
      the same data. Lower-level solves, epochs and seconds count until λ was found; one epoch is one gradient
      of every training example.
    </p>
    ${
      lines.some(({ measures }) => measures.trackedValidation !== null)
        ? html`<p>
            ${trackedMark} Tracked weights followed λ's path on the training set alone. A path refit repeats
            this path on training and validation set together.
          </p>`
        : []
    }
    ${unfinished.length === 0 ? [] : [html`<p>Not finished yet: ${unfinished.join(', ')}.</p>`]}`
}

const mostNames = 4

const holders = (runs: ReadonlyArray<string> | null): string =>
  runs === null
    ? 'all'
    : runs.slice(0, mostNames).join(', ') +
      (runs.length > mostNames ? ` and ${runs.length - mostNames} more` : '')

/** The table of the configurations and versions of all runs. */
export const settingsTable = (runs: ReadonlyArray<Run>): Html =>
  scrolling(
    'Configuration and versions',
    html`<table>
      <thead>
        <tr>
          <th scope="col">field</th>
          <th scope="col">value</th>
          <th scope="col">runs</th>
        </tr>
      </thead>
      <tbody>
        ${settings(runs).map(
          ({ field, value, runs: of }) =>
            html`<tr>
              <th scope="row">${field}</th>
              <td><code>${value}</code></td>
              <td>${holders(of)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  )

/** The most rows of a table on the page; the file beside the page has all. */
const mostRows = 200

const entryCell = (entry: Entry): Html =>
  entry === null
    ? html`<td class="n">${dash}</td>`
    : typeof entry === 'number'
      ? html`<td class="n">${+entry.toPrecision(6)}</td>`
      : html`<td>${entry}</td>`

/** A plain table; `file` names the file with all rows, or is `null`. */
export const dataTable = (label: string, { head, rows }: Table, file: string | null): Html => {
  const left = rows.length - mostRows
  const table = html`<table>
    <thead>
      <tr>
        ${head.map(name => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.slice(0, mostRows).map(
        row =>
          html`<tr>
            ${row.map(entryCell)}
          </tr>`,
      )}
    </tbody>
  </table>`
  return html`${scrolling(label, table)}${
    left <= 0 ? [] : [html`<p>${left} more rows${file === null ? '.' : ` are in ${file}.`}</p>`]
  }`
}

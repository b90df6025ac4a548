/** Makes the page of a report: one file without scripts, which loads nothing else. */
import type { Figure, Table } from './figures/Figure.js'
import { themed, variables } from './figures/theme.js'
import { html, trusted, type Html } from './Html.js'
import { inTags } from './inTags.js'
import { style } from './style.js'
import { dataTable, resultsTable, settingsTable } from './tables.js'
import type { Task } from './Task.js'

/** A figure, drawn as SVG for wide and for narrow screens. */
export interface DrawnFigure {
  readonly figure: Figure
  readonly wide: string
  readonly narrow: string
}

/** A part of a page with text and tables. */
export interface Section {
  readonly title: string
  readonly paragraphs: ReadonlyArray<string>
  readonly tables: ReadonlyArray<Table & { readonly caption: string }>
}

export interface TaskSection {
  readonly task: Task
  readonly figures: ReadonlyArray<DrawnFigure>
  readonly remarks: ReadonlyArray<string>
}

export interface Contents {
  readonly title: string
  readonly notices: ReadonlyArray<string>
  readonly sections: ReadonlyArray<Section>
  readonly tasks: ReadonlyArray<TaskSection>
  /** The name of the folder with the figures' files, beside the page. */
  readonly folder: string
  readonly program: string
}

/** The beginning of every report, by which a later report knows that it may overwrite the file. */
export const signature = '<!doctype html><!-- bilevel-hpo report -->'

/** Rounds a coordinate to hundredths of a pixel, which makes the page smaller and is invisible. */
const hundredths = (text: string): string => String(Math.round(100 * Number(text)) / 100)

/**
 * Makes an SVG picture part of a page: its ids become unique, its colours become variables of the page, and its size is
 * flexible. It is hidden from screen readers, since the figure around it describes it.
 */
const inline = (svg: string, id: string): Html =>
  trusted(
    inTags(tag =>
      tag
        .replace(/\bid="/g, `id="${id}-`)
        .replace(/url\(#/g, `url(#${id}-`)
        .replace(/ (?:role|aria-roledescription|aria-hidden|class|pointer-events)="[^"]*"/g, '')
        .replace(
          /translate\((-?[\d.]+),(-?[\d.]+)/g,
          (_, x: string, y: string) => `translate(${hundredths(x)},${hundredths(y)}`,
        ),
    )(themed(svg))
      .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
      .replace(/<path d="" display="none"\/>/g, '')
      .replace(/^<svg\b/, '<svg aria-hidden="true" focusable="false"'),
  )

const figureOf =
  (folder: string) =>
  ({ figure: { id, title, description, table }, wide, narrow }: DrawnFigure): Html => {
    const file = (extension: string): string => `${folder}/${id}.${extension}`
    return html`<figure id="${id}" role="group" aria-labelledby="${id}-title" aria-describedby="${id}-text">
      <h3 id="${id}-title">${title}</h3>
      <div class="wide">${inline(wide, `${id}-w`)}</div>
      <div class="narrow">${inline(narrow, `${id}-n`)}</div>
      <figcaption>
        <p id="${id}-text">${description}</p>
        <details>
          <summary>Numbers: ${title}</summary>
          ${dataTable(`Numbers: ${title}`, table, file('csv'))}
          <p>
            For papers: <a href="${file('svg')}">SVG</a>, <a href="${file('vl.json')}">Vega-Lite</a>,
            <a href="${file('csv')}">CSV</a>.
          </p>
        </details>
      </figcaption>
    </figure>`
  }

const sectionOf = ({ title, paragraphs, tables }: Section): Html =>
  html`<section>
    <h2>${title}</h2>
    ${paragraphs.map(text => html`<p>${text}</p>`)}
    ${tables.map(
      table =>
        html`<h3>${table.caption}</h3>
          ${dataTable(table.caption, table, null)}`,
    )}
  </section>`

const taskOf =
  (folder: string) =>
  ({ task, figures, remarks }: TaskSection): Html =>
    html`<section>
      <h2>${task.title}</h2>
      <h3>Results</h3>
      ${resultsTable(task)} ${figures.map(figureOf(folder))} ${remarks.map(text => html`<p>${text}</p>`)}
      <h3>Configuration and versions</h3>
      <details>
        <summary>
          Every setting of ${task.runs.length === 1 ? 'the run' : `the ${task.runs.length} runs`}
        </summary>
        ${settingsTable(task.runs)}
      </details>
    </section>`

/** The whole page. */
export const page = ({ title, notices, sections, tasks, folder, program }: Contents): string =>
  signature +
  html`
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          :root { ${trusted(variables('light'))} }
          @media screen and (prefers-color-scheme: dark) { :root { ${trusted(variables('dark'))} } }
          ${trusted(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${notices.map(text => html`<p class="notice">${text}</p>`)} ${sections.map(sectionOf)}
          ${tasks.map(taskOf(folder))}
          <footer><p>Written by ${program}. This file is complete and loads nothing else.</p></footer>
        </main>
      </body>
    </html>
  `.markup

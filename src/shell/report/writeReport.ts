/** Writes a report of recorded runs: one page, and the files of its figures beside it. */
import { messageOf } from '../base/messageOf.js'
import { existsSync, openSync, readSync, closeSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { makeFolders } from '../base/folders.js'
import { methods, type Methods } from '../record/Methods.js'
import { writeWhole } from '../record/RunFolder.js'
import { programVersion } from '../base/package.js'
import { badInput, environment, type ShellError } from '../base/ShellError.js'
import { csv } from './csv.js'
import { narrow, wide, type Figure } from './figures/Figure.js'
import { figuresOf, wantPictures } from './figuresOf.js'
import { findRuns } from './findRuns.js'
import { page, signature, type DrawnFigure, type Section, type TaskSection } from './page.js'
import { picturesOf, type Pictures } from './Pictures.js'
import { readRun } from './ReadRun.js'
import { complete, draw } from './render.js'
import type { Run } from './Run.js'
import { tasksOf, type Task } from './Task.js'
import { readTruth, type Truth } from './Truth.js'

/** The options of a report. */
export interface ReportOptions {
  /** The page, a file whose name ends in `.html`; figures go to a folder beside it. An existing report is replaced. */
  readonly output: string
  readonly title?: string
  /** A file with a dense grid of validation losses (Truth.ts). */
  readonly truth?: string | null
  /** The methods that replay the runs; by default those of this package. */
  readonly methods?: Methods
  /** Text and tables at the top of the page. */
  readonly sections?: ReadonlyArray<Section>
}

/** The written files. */
export interface Report {
  readonly page: string
  readonly bytes: number
  /** The files of the figures. */
  readonly files: ReadonlyArray<string>
  readonly runs: number
  /** Notices for a person about what could not be checked. */
  readonly notices: ReadonlyArray<string>
}

const beginsAsReport = (path: string): boolean => {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(signature.length)
    readSync(file, head, 0, head.length, 0)
    return head.toString('latin1') === signature
  } finally {
    closeSync(file)
  }
}

/** Right if a report may be written there: the file does not exist, or is a report. */
const writable = (output: string): E.Either<ShellError, void> => {
  if (extname(output) !== '.html')
    return E.left(
      badInput(`A report is a web page, and ${output} does not end in .html. Try -o ${output}.html.`),
    )
  return pipe(
    E.tryCatch(
      () => !existsSync(output) || (statSync(output).isFile() && beginsAsReport(output)),
      error => environment(`${output} cannot be read (${messageOf(error)}). Choose another file with -o.`),
    ),
    E.filterOrElse(
      free => free,
      () =>
        badInput(
          `${output} exists and is not a report; only reports are overwritten. Choose another file with ` +
            '-o, or remove this one.',
        ),
    ),
    E.map(() => undefined),
  )
}

const drawn = (figure: Figure): TE.TaskEither<ShellError, DrawnFigure> =>
  pipe(
    TE.Do,
    TE.bind('wide', () => draw(figure.spec(wide))),
    TE.bind('narrow', () => draw(figure.spec(narrow))),
    TE.map(pictures => ({ figure, wide: pictures.wide.svg, narrow: pictures.narrow.svg })),
  )

/** The training images for a task's figures, by run, and sentences that say why some are missing. */
const pictured = (
  task: Task,
): TE.TaskEither<
  ShellError,
  { readonly found: ReadonlyMap<Run, Pictures>; readonly missing: ReadonlyArray<string> }
> =>
  pipe(
    wantPictures(task),
    TE.traverseSeqArray(run =>
      TE.fromTask<{ readonly run: Run; readonly pictures: E.Either<ShellError, Pictures> }, ShellError>(
        async () => ({
          run,
          pictures: await picturesOf(run.header)(),
        }),
      ),
    ),
    TE.map(all => ({
      found: new Map(
        all.flatMap(({ run, pictures }) => (E.isRight(pictures) ? [[run, pictures.right] as const] : [])),
      ),
      missing: all.flatMap(({ run, pictures }) =>
        E.isLeft(pictures)
          ? [`The training images of ${run.name} are not shown: ${pictures.left.message}`]
          : [],
      ),
    })),
  )

/** The figures of a task; with several tasks, the ids of figures get a prefix. */
const taskSection =
  (truth: Truth | null, several: boolean) =>
  (i: number, task: Task): TE.TaskEither<ShellError, TaskSection> =>
    pipe(
      pictured(task),
      TE.chain(({ found, missing }) => {
        const { figures, remarks } = figuresOf(task, truth, run => found.get(run) ?? null)
        return pipe(
          figures.map(figure => (several ? { ...figure, id: `task-${i + 1}-${figure.id}` } : figure)),
          TE.traverseSeqArray(drawn),
          TE.map(all => ({ task, figures: all, remarks: [...missing, ...remarks] })),
        )
      }),
    )

const filesOf = (
  folder: string,
  { figure, wide: svg }: DrawnFigure,
): ReadonlyArray<readonly [string, string]> => [
  [join(folder, `${figure.id}.svg`), `${svg}\n`],
  [join(folder, `${figure.id}.vl.json`), `${JSON.stringify(complete(figure.spec(wide)))}\n`],
  [join(folder, `${figure.id}.csv`), csv(figure.table)],
]

const write = (
  files: ReadonlyArray<readonly [string, string]>,
): E.Either<ShellError, ReadonlyArray<string>> =>
  pipe(
    E.tryCatch(
      () => {
        for (const folder of new Set(files.map(([path]) => dirname(path)))) makeFolders(folder)
      },
      error => badInput(`The report cannot be written: ${messageOf(error)}. Choose another file with -o.`),
    ),
    E.chain(() =>
      pipe(
        files,
        E.traverseArray(([path, content]) =>
          pipe(
            writeWhole(path)(content),
            E.map(() => path),
          ),
        ),
      ),
    ),
  )

/**
 * Writes a report of the runs in some run folders, logs, or folders of run folders.
 *
 * Errors: `BadInput` if there is no run, a run cannot be read, or the output is another file; `Mismatch` if a run does not
 * replay as logged; `Environment` if Vega is not installed or a file cannot be written.
 */
export const writeReport = (
  targets: ReadonlyArray<string>,
  { output, title, truth = null, methods: known = methods, sections = [] }: ReportOptions,
): TE.TaskEither<ShellError, Report> =>
  pipe(
    TE.fromEither(
      pipe(
        E.Do,
        E.bind('free', () => writable(output)),
        E.bind('named', () => findRuns(targets)),
        E.bind('read', ({ named }) => pipe(named, E.traverseArray(readRun(known)))),
        E.bind('grid', () => (truth === null ? E.right(null) : readTruth(truth))),
      ),
    ),
    TE.chain(({ read, grid }) => {
      const runs = read.map(({ run }) => run)
      const notices = read.flatMap(found => found.notices)
      const tasks = tasksOf(runs)
      const folder = `${basename(output, '.html')}-figures`
      return pipe(
        tasks,
        TE.traverseSeqArrayWithIndex(taskSection(grid, tasks.length > 1)),
        TE.chainEitherK(done => {
          const text = page({
            title: title ?? (runs.length === 1 ? `Run ${runs[0]!.name}` : `Report of ${runs.length} runs`),
            notices,
            sections,
            tasks: done,
            folder,
            program: `bilevel-hpo ${programVersion()}`,
          })
          const figures = done
            .flatMap(section => section.figures)
            .flatMap(figure => filesOf(join(dirname(output), folder), figure))
          return pipe(
            // Write the page last, so that a page never lacks its figures.
            write([...figures, [output, text]]),
            E.map((): Report => ({
              page: output,
              bytes: Buffer.byteLength(text),
              files: figures.map(([path]) => path),
              runs: runs.length,
              notices,
            })),
          )
        }),
      )
    }),
  )

/** What is compared: methods × seeds on one task, with one budget. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, Natural, Positive } from '../../../core/codec/Codec.js'
import { firstDifference, show, type Difference } from '../../../core/codec/Difference.js'
import { BackendName } from '../../backend/Backend.js'

/** What a folder can be called on any system. */
const Label = t.refinement(
  t.string,
  label => /^[A-Za-z0-9][\w.-]{0,63}$/.test(label),
  'a short name of letters, digits, ".", "_" and "-"',
)

export const Contender = t.readonly(
  t.strict({
    /** What tables and folders call it: the method's name, unless the configuration says otherwise. */
    label: Label,
    /** The method's name. */
    method: t.string,
    /** Its section of the configuration without the name, budget included; the rest is the method's defaults. */
    options: t.UnknownRecord,
  }),
  'Contender',
)
/** A method with its options. */
export type Contender = t.TypeOf<typeof Contender>

export const Budget = t.readonly(
  t.strict({
    /** In lower-level solves. */
    solves: Count,
    /** What a solve counts as. */
    epochsPerSolve: Positive,
    /** The product: epochs of gradient work until λ is found. */
    epochs: Positive,
  }),
  'Budget',
)
/** What every method may spend. */
export type Budget = t.TypeOf<typeof Budget>

export const Plan = t.readonly(
  t.strict({
    name: t.string,
    /** Sections `data`, `network`, `hyperparameters` and `solver` of the configuration, every default filled in. */
    task: t.UnknownRecord,
    budget: Budget,
    backend: BackendName,
    contenders: t.readonlyArray(Contender, 'a list of contenders'),
    seeds: t.readonlyArray(Natural, 'a list of integers ≥ 0'),
  }),
  'Plan',
)
/** A whole comparison, before anything is run. */
export type Plan = t.TypeOf<typeof Plan>

/** One run of a comparison. */
export interface Job {
  readonly label: string
  readonly seed: number
  /** Relative to the comparison's folder. */
  readonly folder: string
}

/** The folder of a run in that of its comparison. */
export const folderOf = (label: string, seed: number): string => `runs/${label}-seed${seed}`

/** The runs of a plan: all contenders at one seed, then at the next, so that pairs are complete early. */
export const jobs = ({ contenders, seeds }: Pick<Plan, 'contenders' | 'seeds'>): ReadonlyArray<Job> =>
  seeds.flatMap(seed => contenders.map(({ label }) => ({ label, seed, folder: folderOf(label, seed) })))

/** JSON as it is read back from a file. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/**
 * Whether a folder that was begun with `before` may go on with `now`: the task, the budget, the backend and the options of
 * every contender must be what they were. Contenders and seeds may be added, but none left out.
 *
 * Left: a clause that says what differs.
 */
export const goesOn =
  (before: Plan) =>
  (now: Plan): E.Either<string, void> => {
    const shared = ({ task, budget, backend }: Plan) => ({ task, budget, backend })
    // By their names, so that a message has the name and not a number.
    const named = (contenders: Plan['contenders']) =>
      Object.fromEntries(contenders.map(contender => [contender.label, contender]))
    const kept = now.contenders.filter(({ label }) => before.contenders.some(other => other.label === label))
    const all = (lost: unknown, field: string, was: unknown, is: unknown): O.Option<Difference> =>
      lost === undefined
        ? O.none
        : O.some({ field, expected: show(was), found: `${show(is)}, without ${show(lost)}` })
    const labels = ({ contenders }: Plan): ReadonlyArray<string> => contenders.map(({ label }) => label)
    return pipe(
      all(
        labels(before).find(label => !labels(now).includes(label)),
        'methods',
        labels(before),
        labels(now),
      ),
      O.alt(() =>
        all(
          before.seeds.find(seed => !now.seeds.includes(seed)),
          'seeds',
          before.seeds,
          now.seeds,
        ),
      ),
      O.alt(() => firstDifference('')(asJson(shared(before)), asJson(shared(now)))),
      O.alt(() => firstDifference('methods')(asJson(named(before.contenders)), asJson(named(kept)))),
      O.match(
        () => E.right(undefined),
        ({ field, expected, found }) => E.left(`field \`${field}\` was ${expected} and is now ${found}`),
      ),
    )
  }

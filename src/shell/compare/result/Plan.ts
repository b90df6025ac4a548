/** The plan of a comparison: methods × seeds on one task, with one budget. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Count, Natural, Positive } from '../../../core/codec/Codec.js'
import { firstDifference, show, type Difference } from '../../../core/codec/Difference.js'
import { BackendName } from '../../backend/Backend.js'

/** A label is part of a folder's name, so it must be valid on every system. */
const Label = t.refinement(
  t.string,
  label => /^[A-Za-z0-9][\w.-]{0,63}$/.test(label),
  'a short name of letters, digits, ".", "_" and "-"',
)

export const Contender = t.readonly(
  t.strict({
    /** Its name in tables and folders; by default the method's name. */
    label: Label,
    /** The method's name. */
    method: t.string,
    /** Its section of the configuration without the name, with the budget; defaults apply to missing options. */
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
    /** The epochs that a solve counts as. */
    epochsPerSolve: Positive,
    /** The product: epochs of gradient work until λ is found. */
    epochs: Positive,
  }),
  'Budget',
)
/** The effort that every method may spend. */
export type Budget = t.TypeOf<typeof Budget>

export const Plan = t.readonly(
  t.strict({
    name: t.string,
    /** The sections `data`, `network`, `hyperparameters` and `solver` of the configuration, with all defaults. */
    task: t.UnknownRecord,
    budget: Budget,
    backend: BackendName,
    contenders: t.readonlyArray(Contender, 'a list of contenders'),
    seeds: t.readonlyArray(Natural, 'a list of integers ≥ 0'),
  }),
  'Plan',
)
/**
 * The plan of a comparison, made before any run starts.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Budget, type Plan, readComparison } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * const plan: Plan | null = E.isRight(read) && read.right !== null ? read.right.plan : null
 * const budget: Budget | undefined = plan?.budget
 * budget?.epochs // => 3000
 * ```
 */
export type Plan = t.TypeOf<typeof Plan>

/** One run of a comparison. */
export interface Job {
  readonly label: string
  readonly seed: number
  /** Relative to the comparison's folder. */
  readonly folder: string
}

/** The folder of a run, relative to the comparison's folder. */
export const folderOf = (label: string, seed: number): string => `runs/${label}-seed${seed}`

/** The runs of a plan: all contenders at the first seed, then at the next, so that pairs are complete early. */
export const jobs = ({ contenders, seeds }: Pick<Plan, 'contenders' | 'seeds'>): ReadonlyArray<Job> =>
  seeds.flatMap(seed => contenders.map(({ label }) => ({ label, seed, folder: folderOf(label, seed) })))

/** The value as it is after writing it to JSON and reading it back. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/**
 * Whether a comparison with the plan `before` can be resumed with the plan `now`. The task, the budget, the backend and
 * the options of every contender must be equal. Contenders and seeds may be added, but not left out.
 *
 * Left: a clause that says what differs.
 */
export const canResume =
  (before: Plan) =>
  (now: Plan): E.Either<string, void> => {
    const shared = ({ task, budget, backend }: Plan) => ({ task, budget, backend })
    // By label, so that a message names the contender instead of its index.
    const named = (contenders: Plan['contenders']) =>
      Object.fromEntries(contenders.map(contender => [contender.label, contender]))
    const kept = now.contenders.filter(({ label }) => before.contenders.some(other => other.label === label))
    const noneMissing = (missing: unknown, field: string, was: unknown, is: unknown): O.Option<Difference> =>
      missing === undefined
        ? O.none
        : O.some({ field, expected: show(was), found: `${show(is)}, without ${show(missing)}` })
    const labels = ({ contenders }: Plan): ReadonlyArray<string> => contenders.map(({ label }) => label)
    return pipe(
      noneMissing(
        labels(before).find(label => !labels(now).includes(label)),
        'methods',
        labels(before),
        labels(now),
      ),
      O.alt(() =>
        noneMissing(
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

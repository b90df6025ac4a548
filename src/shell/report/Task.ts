/** Groups the runs of a report by their task, since only runs of one task can be compared. */
import type { Run } from './Run.js'

/** Runs with the same problem, search space and set sizes; their seeds and methods may differ. */
export interface Task {
  readonly title: string
  readonly runs: readonly [Run, ...ReadonlyArray<Run>]
}

/** The value with the fields of every object sorted, so that equal values give equal JSON. */
const canonical = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(canonical)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, field]) => [name, canonical(field)]),
        )
      : value

const keyOf = ({ header, space }: Run): string => {
  // Left out: the seed, which sets the split and the initial weights, and `baseFolder`, to which paths are relative.
  const problem = Object.fromEntries(
    Object.entries(header.problem).filter(([name]) => name !== 'seed' && name !== 'baseFolder'),
  )
  const { train, validation, test } = header.data
  return JSON.stringify(canonical({ problem, space, train, validation, test }))
}

const mostNames = 6

const titleOf = ({ header: { data }, space }: Run): string => {
  const names = space.slice(0, mostNames).map(({ name }) => name)
  const rest = space.length > mostNames ? `, … (${space.length} in all)` : ''
  return `${data.train} training and ${data.validation} validation examples; λ: ${names.join(', ')}${rest}`
}

/** The runs grouped by task, in the order of each task's first run. */
export const tasksOf = (runs: ReadonlyArray<Run>): ReadonlyArray<Task> => {
  const tasks = new Map<string, [Run, ...Array<Run>]>()
  for (const run of runs) {
    const key = keyOf(run)
    const task = tasks.get(key)
    if (task === undefined) tasks.set(key, [run])
    else task.push(run)
  }
  return [...tasks.values()].map(task => ({ title: titleOf(task[0]), runs: task }))
}

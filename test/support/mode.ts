/**
 * How the suite runs: `npm test` tries few cases from a fixed seed, `npm run test:deep` many from a fresh one.
 * `vitest.config.ts` sets these variables once for all workers, so that they agree.
 */

/** The seed of `npm test`: everyone sees the same cases. */
export const fixedSeed = 22081218

/** The variables that decide what is tried. */
export const variables = { deep: 'BILEVEL_DEEP', seed: 'BILEVEL_SEED', path: 'BILEVEL_PATH' } as const

export interface Mode {
  readonly deep: boolean
  /** Of all that is random in a test: the cases of properties and the moments of kills. */
  readonly seed: number
  /** The path to one counterexample, as fast-check or the law kit prints it; null: all cases. */
  readonly path: string | null
}

const integer = (name: string, text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value)) throw new Error(`${name} must be an integer, not "${text}".`)
  return value
}

export const modeOf = (env: Readonly<Record<string, string | undefined>>): Mode => {
  const [seed, path] = [env[variables.seed], env[variables.path]]
  return {
    deep: env[variables.deep] === '1',
    seed: seed === undefined || seed === '' ? fixedSeed : integer(variables.seed, seed),
    path: path === undefined || path === '' ? null : path,
  }
}

/** How to see the same cases again; with a path only the counterexample there. */
export const reproduction = ({ deep, seed }: Mode, where: string, path: string | null = null): string =>
  [
    `${variables.seed}=${seed}`,
    ...(path === null ? [] : [`${variables.path}=${path}`]),
    'npx vitest run',
    ...(deep ? ['--mode deep'] : []),
    where,
  ].join(' ')

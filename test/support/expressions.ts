/**
 * Expressions in x1, x2, …, y1, y2, … as functions with exact gradients: the language of test/data/bilevel/problems.json.
 */

type Vec = ReadonlyArray<number>

/** A value, and a way to add its derivative, times `bar`, to a gradient. */
interface Dual {
  readonly value: number
  readonly back: (bar: number, into: Float64Array) => void
}

/** An expression's value at given variables. */
export type Expression = (variables: ReadonlyMap<string, Dual>) => Dual

const constant = (value: number): Dual => ({ value, back: () => undefined })

const unary =
  (f: (a: number) => number, slope: (a: number) => number) =>
  (a: Dual): Dual => ({ value: f(a.value), back: (bar, into) => a.back(bar * slope(a.value), into) })

const binary =
  (f: (a: number, b: number) => number, slopes: (a: number, b: number) => readonly [number, number]) =>
  (a: Dual, b: Dual): Dual => ({
    value: f(a.value, b.value),
    back: (bar, into) => {
      const [left, right] = slopes(a.value, b.value)
      if (left !== 0) a.back(bar * left, into)
      if (right !== 0) b.back(bar * right, into)
    },
  })

const negated = unary(
  a => -a,
  () => -1,
)

const functions: Readonly<Record<string, (a: Dual) => Dual>> = {
  exp: unary(Math.exp, Math.exp),
  log: unary(Math.log, a => 1 / a),
  sin: unary(Math.sin, Math.cos),
  cos: unary(Math.cos, a => -Math.sin(a)),
  tan: unary(Math.tan, a => 1 + Math.tan(a) ** 2),
  sqrt: unary(Math.sqrt, a => 0.5 / Math.sqrt(a)),
  abs: unary(Math.abs, Math.sign),
}

const operators: Readonly<
  Record<string, { readonly binds: number; readonly of: (a: Dual, b: Dual) => Dual }>
> = {
  '+': {
    binds: 1,
    of: binary(
      (a, b) => a + b,
      () => [1, 1],
    ),
  },
  '-': {
    binds: 1,
    of: binary(
      (a, b) => a - b,
      () => [1, -1],
    ),
  },
  '*': {
    binds: 2,
    of: binary(
      (a, b) => a * b,
      (a, b) => [b, a],
    ),
  },
  '/': {
    binds: 2,
    of: binary(
      (a, b) => a / b,
      (a, b) => [1 / b, -a / b ** 2],
    ),
  },
  // Exponents are constants.
  '^': {
    binds: 4,
    of: binary(
      (a, b) => a ** b,
      (a, b) => [b * a ** (b - 1), 0],
    ),
  },
}

const chosen = {
  min: binary(Math.min, (a, b) => (a <= b ? [1, 0] : [0, 1])),
  max: binary(Math.max, (a, b) => (a >= b ? [1, 0] : [0, 1])),
} as const

/** Parses an expression. Throws on what it does not know. */
export const parse = (text: string): Expression => {
  const tokens = text.match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|[a-z]+\d*|[-+*/^(),]/gi) ?? []
  let at = 0
  const expect = (token: string): void => {
    if (tokens[at++] !== token) throw new Error(`"${token}" is missing in "${text}".`)
  }
  const operand = (): Expression => {
    const token = tokens[at++] ?? ''
    if (token === '-' || token === '+') {
      const inner = expression(3)
      return token === '-' ? variables => negated(inner(variables)) : inner
    }
    if (token === '(') {
      const inner = expression(1)
      expect(')')
      return inner
    }
    if (/^[\d.]/.test(token)) return () => constant(Number(token))
    if (token === 'pi') return () => constant(Math.PI)
    if (token === 'e') return () => constant(Math.E)
    if (tokens[at] !== '(')
      return variables => {
        const found = variables.get(token)
        if (found === undefined) throw new Error(`"${token}" is not known in "${text}".`)
        return found
      }
    at++
    const given = [expression(1)]
    while (tokens[at] === ',') {
      at++
      given.push(expression(1))
    }
    expect(')')
    if (token === 'min' || token === 'max')
      return variables => given.map(one => one(variables)).reduce((a, b) => chosen[token](a, b))
    const known = functions[token]
    if (known === undefined) throw new Error(`"${token}" is no function in "${text}".`)
    return variables => known(given[0]!(variables))
  }
  const expression = (least: number): Expression => {
    let left = operand()
    for (;;) {
      const operator = operators[tokens[at] ?? '']
      if (operator === undefined || operator.binds < least) return left
      at++
      const [a, b] = [left, expression(operator.binds === 4 ? 4 : operator.binds + 1)]
      left = variables => operator.of(a(variables), b(variables))
    }
  }
  const whole = expression(1)
  if (at !== tokens.length) throw new Error(`"${tokens.slice(at).join('')}" is left over in "${text}".`)
  return whole
}

/** Variables by name, each with its place in the gradient. */
export const variablesOf = (x: Vec, y: Vec): Map<string, Dual> => {
  const at = (value: number, place: number): Dual => ({
    value,
    back: (bar, into) => (into[place] = into[place]! + bar),
  })
  return new Map([
    ...x.map((value, k): [string, Dual] => [`x${k + 1}`, at(value, k)]),
    ...y.map((value, k): [string, Dual] => [`y${k + 1}`, at(value, x.length + k)]),
  ])
}

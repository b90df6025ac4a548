/** Nesterov's accelerated gradient on one tensor of weights. */

/** How far a step goes. */
export interface Momentum {
  readonly rate: number
  /** m in [0, 1). */
  readonly momentum: number
  /** What the penalty's gradient is, as a multiple of the weights. */
  readonly decay: number
}

/**
 * v ← m·v + g, w ← w − η·(g + m·v), as Sutskever et al. (2013) write it, where g = `gradient` + decay·w: for the weights
 * from `offset` on, in one pass, for a loop over all weights takes a tenth as long as computing their gradient. Returns
 * ‖w‖² as it was.
 */
export const momentumStep = (
  weights: Float32Array,
  velocity: Float64Array,
  gradient: Float32Array,
  offset: number,
  { rate, momentum, decay }: Momentum,
): number => {
  const size = gradient.length
  const ws = weights.subarray(offset, offset + size)
  const vs = velocity.subarray(offset, offset + size)
  let squares = 0
  for (let i = 0; i < size; i++) {
    const w = ws[i]!
    const g = gradient[i]! + decay * w
    const v = momentum * vs[i]! + g
    squares += w * w
    vs[i] = v
    ws[i] = w - rate * (g + momentum * v)
  }
  return squares
}

/** The same with a multiple of its own for each weight. Returns Σ decay_i·w_i² as it was. */
export const momentumStepEach = (
  weights: Float32Array,
  velocity: Float64Array,
  gradient: Float32Array,
  offset: number,
  { rate, momentum }: Omit<Momentum, 'decay'>,
  decay: Float64Array,
): number => {
  const size = gradient.length
  const ws = weights.subarray(offset, offset + size)
  const vs = velocity.subarray(offset, offset + size)
  let squares = 0
  for (let i = 0; i < size; i++) {
    const w = ws[i]!
    const pull = decay[i]! * w
    const g = gradient[i]! + pull
    const v = momentum * vs[i]! + g
    squares += pull * w
    vs[i] = v
    ws[i] = w - rate * (g + momentum * v)
  }
  return squares
}

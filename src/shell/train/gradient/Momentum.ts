/** Nesterov's accelerated gradient on one tensor of weights. */

/** The settings of a step. */
export interface Momentum {
  readonly rate: number
  /** m in [0, 1). */
  readonly momentum: number
  /** The penalty's gradient as a multiple of the weights. */
  readonly decay: number
}

/**
 * v ← m·v + g, w ← w − η·(g + m·v), as Sutskever et al. (2013) write it, with g = `gradient` + decay·w. It updates the
 * weights from `offset` on in one pass, because each loop over all weights takes a tenth of the time of their gradient.
 * Returns ‖w‖² before the step.
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

/** {@link momentumStep} with a separate decay for each weight. Returns Σ decay_i·w_i² before the step. */
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
    const decayed = decay[i]! * w
    const g = gradient[i]! + decayed
    const v = momentum * vs[i]! + g
    squares += decayed * w
    vs[i] = v
    ws[i] = w - rate * (g + momentum * v)
  }
  return squares
}

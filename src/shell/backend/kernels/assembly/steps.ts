/**
 * Steps of descent, in AssemblyScript; a part of `dense.ts` and `conv.ts`. A row of weights steps as soon as its gradient is
 * known, while it is at hand.
 */

/** The bytes of a vector of four float32. */
export const vectorSize: usize = 16

// The parameters of a step of Nesterov's accelerated gradient with a quadratic penalty, as in `Momentum.ts`. `toVelocity` and
// `toDecay` are the distances, in bytes, from a weight to its velocity and its decay.
export let stepping: bool = false
let rate: v128 = f32x4.splat(0)
let momentum: v128 = f32x4.splat(0)
let decay: v128 = f32x4.splat(0)
let toVelocity: usize = 0
let toDecay: usize = 0
let penalty: f64 = 0

/** From now on, gradients are stored, and no weights step. */
export function keepGradients(): void {
  stepping = false
}

/**
 * From now on, each row of weights steps as soon as its gradient is known; all gradients reuse the first row's buffer.
 * `decays` is the distance from a weight to its own decay, or 0 if all weights have `evenDecay`.
 */
export function takeSteps(by: f32, share: f32, velocities: usize, decays: usize, evenDecay: f32): void {
  stepping = true
  rate = f32x4.splat(by)
  momentum = f32x4.splat(share)
  decay = f32x4.splat(evenDecay)
  toVelocity = velocities
  toDecay = decays
}

/** Σ decay·w²/2 of all weights that have stepped since the last call, at their values before the step. */
export function takePenalty(): f64 {
  const sum = penalty / 2
  penalty = 0
  return sum
}

/** Steps one row of weights with its gradient. */
export function step(gradient: usize, weights: usize, stride: usize): void {
  const eta = rate
  const share = momentum
  const velocities = toVelocity
  const decays = toDecay
  let pull = decay
  let sum = f32x4.splat(0)
  for (let at: usize = 0; at < stride; at += vectorSize) {
    const place = weights + at
    const w = v128.load(place)
    if (decays !== 0) pull = v128.load(place + decays)
    const pulled = f32x4.mul(pull, w)
    const g = f32x4.add(v128.load(gradient + at), pulled)
    const v = f32x4.add(f32x4.mul(share, v128.load(place + velocities)), g)
    v128.store(place + velocities, v)
    v128.store(place, f32x4.sub(w, f32x4.mul(eta, f32x4.add(g, f32x4.mul(share, v)))))
    sum = f32x4.add(sum, f32x4.mul(pulled, w))
  }
  const low = f64x2.promote_low_f32x4(sum)
  const high = f64x2.promote_low_f32x4(
    i8x16.shuffle(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
  )
  const both = f64x2.add(low, high)
  penalty += f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
}

/**
 * Max pooling and ReLU, in AssemblyScript; a part of `conv.ts`.
 *
 * Pixels of the output are written without gaps, so their last vector is written in parts. Each number of an output has a
 * `chosen` number: where the one that it was chosen from lies in the image that `stepRow` and `stepPixel` are steps of.
 */
import { vectorSize } from './steps'

/** Stores the first `bytes` bytes of a vector, or all of them. */
function storeSome(at: usize, vector: v128, bytes: usize): void {
  if (bytes >= vectorSize) v128.store(at, vector)
  else if (bytes === 4) v128.store32_lane(at, vector, 0)
  else {
    v128.store64_lane(at, vector, 0)
    if (bytes > 8) v128.store32_lane(at, vector, 2, 8)
  }
}

/**
 * out = max(floor, the maximum of each 2 × 2 square). `height`, `width`: those of the output; `pixel`: the bytes of its pixels.
 * If several numbers are largest, the first one in row-major order is chosen. NaN stays NaN.
 */
export function chooseLargest(
  height: i32,
  width: i32,
  pixel: usize,
  from: usize,
  fromRow: usize,
  fromPixel: usize,
  floor: f32,
  out: usize,
  outRow: usize,
  chosen: usize,
  stepRow: u32,
  stepPixel: u32,
): void {
  const least = f32x4.splat(floor)
  for (let i = 0; i < height; i++) {
    let to = out + <usize>i * outRow
    let square = from + <usize>(2 * i) * fromRow
    let place: u32 = 2 * i * stepRow
    for (let j = 0; j < width; j++, square += 2 * fromPixel, place += 2 * stepPixel) {
      const first = i32x4.splat(place)
      const second = i32x4.splat(place + stepPixel)
      const third = i32x4.splat(place + stepRow)
      const fourth = i32x4.splat(place + stepRow + stepPixel)
      for (let channel: usize = 0; channel < pixel; channel += vectorSize) {
        const at = square + channel
        const a = v128.load(at)
        const b = v128.load(at + fromPixel)
        const c = v128.load(at + fromRow)
        const d = v128.load(at + fromRow + fromPixel)
        const most = f32x4.max(f32x4.max(a, b), f32x4.max(c, d))
        let where = v128.bitselect(third, fourth, f32x4.eq(c, most))
        where = v128.bitselect(second, where, f32x4.eq(b, most))
        where = v128.bitselect(first, where, f32x4.eq(a, most))
        storeSome(to + channel, f32x4.pmax(most, least), pixel - channel)
        storeSome(chosen + channel, where, pixel - channel)
      }
      to += pixel
      chosen += pixel
    }
  }
}

/** out = max(0, sums), row by row; NaN stays NaN. */
export function clipTo(
  height: i32,
  width: i32,
  pixel: usize,
  from: usize,
  fromPixel: usize,
  out: usize,
  outRow: usize,
): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < height; i++, out += outRow) {
    let to = out
    for (let j = 0; j < width; j++, from += fromPixel, to += pixel)
      for (let channel: usize = 0; channel < pixel; channel += vectorSize)
        storeSome(to + channel, f32x4.pmax(v128.load(from + channel), zero), pixel - channel)
  }
}

/** The gradient of pooling alone: each number of dy goes to the chosen one of dx. dx was zero. */
export function spreadChosen(
  height: i32,
  width: i32,
  pixel: usize,
  dy: usize,
  dyRow: usize,
  chosen: usize,
  dx: usize,
): void {
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++)
      for (let channel: usize = 0; channel < pixel; channel += 4, chosen += 4)
        store<f32>(
          dx + channel + <usize>load<u32>(chosen),
          load<f32>(dy + <usize>i * dyRow + <usize>j * pixel + channel),
        )
}

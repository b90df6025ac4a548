import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { Count, Finite, nullable } from '../../../src/core/codec/Codec.js'
import { strictDecode } from '../../../src/shell/config/strictDecode.js'

const Circle = t.readonly(
  t.exact(
    t.intersection([t.type({ kind: t.literal('circle'), radius: Finite }), t.partial({ label: t.string })]),
  ),
)
const Square = t.readonly(t.strict({ kind: t.literal('square'), side: Finite }))
const Shape = t.union([Circle, Square], 'a shape')
const Drawing = t.readonly(
  t.exact(
    t.intersection([
      t.type({ size: Count, shapes: t.readonlyArray(Shape) }),
      t.partial({
        frame: nullable(Square),
        byName: t.record(t.string, Shape),
        pair: t.tuple([Circle, Square]),
      }),
    ]),
  ),
  'Drawing',
)
const drawing = { size: 2, shapes: [{ kind: 'circle', radius: 1 }] }
const left = (input: unknown, at?: string): string => {
  const result = strictDecode(Drawing, at)(input)
  if (E.isRight(result)) throw new Error('expected a Left')
  return result.left
}

describe('strictDecode', () => {
  it('passes what the codec accepts', () => {
    for (const input of [
      drawing,
      { ...drawing, frame: null },
      {
        ...drawing,
        frame: { kind: 'square', side: 1 },
        byName: { a: { kind: 'circle', radius: 1, label: 'x' } },
      },
      {
        ...drawing,
        pair: [
          { kind: 'circle', radius: 1 },
          { kind: 'square', side: 1 },
        ],
      },
    ])
      expect(strictDecode(Drawing)(input)).toEqual(E.right(input))
  })

  it('names an unknown field, the nearest known one and all known ones', () => {
    expect(left({ ...drawing, sise: 1 })).toBe(
      'field `sise` is not known. Did you mean "size"? Known fields here: size, shapes, frame, byName, pair.',
    )
    expect(left({ ...drawing, qqqqq: 1 })).not.toContain('Did you mean')
  })

  it.each([
    [{ ...drawing, shapes: [...drawing.shapes, { kind: 'circle', radius: 1, side: 1 }] }, '`shapes[1].side`'],
    [{ ...drawing, frame: { kind: 'square', side: 1, sidee: 1 } }, '`frame.sidee`'],
    [{ ...drawing, byName: { a: { kind: 'square', side: 1, radius: 1 } } }, '`byName.a.radius`'],
    [
      {
        ...drawing,
        pair: [
          { kind: 'circle', radius: 1 },
          { kind: 'square', side: 1, x: 1 },
        ],
      },
      '`pair[1].x`',
    ],
  ])('finds it at depth (%#)', (input, field) => {
    expect(left(input)).toContain(`field ${field} is not known`)
  })

  it('puts the section before the field, in messages of every kind', () => {
    expect(left({ ...drawing, sise: 1 }, 'picture')).toContain('field `picture.sise` is not known')
    expect(left({ ...drawing, size: 0 }, 'picture')).toBe(
      'field `picture.size` must be an integer ≥ 1, but is 0.',
    )
    expect(left(3, 'picture')).toBe('field `picture` must be Drawing, but is 3.')
    expect(left({ size: 1 }, 'picture')).toContain('field `picture.shapes` must be')
  })

  it('tells the members of a union apart by their tag, and refuses an unknown tag', () => {
    expect(left({ ...drawing, shapes: [{ kind: 'square', side: 'x' }] })).toBe(
      'field `shapes[0].side` must be a finite number, but is "x".',
    )
    expect(left({ ...drawing, shapes: [{ kind: 'cirle', radius: 1 }] })).toBe(
      'field `shapes[0].kind` must be one of "circle", "square", but is "cirle". Did you mean "circle"?',
    )
    expect(left({ ...drawing, shapes: [{ radius: 1 }] })).toContain('but is missing')
  })

  it('knows the fields of a tagged union inside an intersection', () => {
    const Named = t.intersection([t.strict({ name: t.string }), Shape])
    expect(E.isRight(strictDecode(Named)({ name: 'a', kind: 'square', side: 1 }))).toBe(true)
    expect(strictDecode(Named)({ name: 'a', kind: 'square', radius: 1 })).toMatchObject({
      left: expect.stringContaining('field `radius` is not known') as unknown,
    })
    expect(strictDecode(Named)({ name: 'a', kind: 'sqare', side: 1 })).toMatchObject({
      left: expect.stringContaining('Did you mean "square"?') as unknown,
    })
  })

  it('refuses a field called __proto__ or constructor like any other', () => {
    expect(left(JSON.parse('{"size":1,"shapes":[],"__proto__":{}}'))).toContain('`__proto__` is not known')
    expect(left({ ...drawing, constructor: 1 })).toContain('`constructor` is not known')
  })

  it('never throws, and accepts nothing that the codec refuses', () => {
    fc.assert(
      fc.property(fc.jsonValue(), input => {
        const result = strictDecode(Drawing)(input)
        if (E.isRight(result)) expect(Drawing.is(result.right)).toBe(true)
        else expect(result.left).toMatch(/^(field|the value) .*\.|\?$/)
      }),
    )
  })

  it('refuses every added field, by its name', () => {
    const known = ['size', 'shapes', 'frame', 'byName', 'pair']
    fc.assert(
      fc.property(
        fc.string().filter(name => !known.includes(name)),
        name => {
          const input: unknown = JSON.parse(`{"size":1,"shapes":[],${JSON.stringify(name)}:1}`)
          expect(left(input)).toContain(`field \`${name}\` is not known`)
        },
      ),
    )
  })
})

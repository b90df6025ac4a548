import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { Count, decode, decodeField, Finite, nullable } from '../../../src/core/codec/Codec.js'
import { lenient, oneOf, options, strict } from '../../../src/core/codec/options.js'

const Circle = t.readonly(
  t.exact(
    t.intersection([t.type({ kind: t.literal('circle'), radius: Finite }), t.partial({ label: t.string })]),
  ),
)
const Square = t.readonly(t.strict({ kind: t.literal('square'), side: Finite }))
const Shape = oneOf('a shape', [Circle, Square])
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
const read = decode(strict(Drawing))
const left = (input: unknown, at?: string): string => {
  const result = at === undefined ? read(input) : decodeField(at)(strict(Drawing))(input)
  if (E.isRight(result)) throw new Error('expected a Left')
  return result.left
}

describe('options', () => {
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
      expect(read(input)).toEqual(E.right(input))
  })

  it('names an unknown field, the nearest known one and all known ones', () => {
    expect(left({ ...drawing, sise: 1 })).toBe(
      '`sise` is not known. Did you mean "size"? Known fields here: size, shapes, frame, byName, pair',
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
    expect(left(input)).toContain(`${field} is not known`)
  })

  it('puts the section before the field, in messages of every kind', () => {
    expect(left({ ...drawing, sise: 1 }, 'picture')).toContain('`picture.sise` is not known')
    expect(left({ ...drawing, size: 0 }, 'picture')).toBe('`picture.size` must be an integer ≥ 1, but is 0')
    expect(left(3, 'picture')).toBe(
      '`picture` must be an object with the fields size, shapes, frame, byName, pair, but is 3',
    )
    expect(left({ size: 1 }, 'picture')).toBe('`picture.shapes` is missing; it must be a list')
  })

  it('tells the members of a union apart by their tag, and refuses an unknown tag', () => {
    expect(left({ ...drawing, shapes: [{ kind: 'square', side: 'x' }] })).toBe(
      '`shapes[0].side` must be a finite number, but is "x"',
    )
    expect(left({ ...drawing, shapes: [{ kind: 'cirle', radius: 1 }] })).toBe(
      '`shapes[0].kind` must be one of "circle", "square", but is "cirle". Did you mean "circle"?',
    )
    expect(left({ ...drawing, shapes: [{ radius: 1 }] })).toBe(
      '`shapes[0].kind` is missing; it must be one of "circle", "square"',
    )
  })

  it('knows the fields of a tagged union inside an intersection', () => {
    const Named = t.intersection([t.strict({ name: t.string }), Shape])
    expect(E.isRight(decode(strict(Named))({ name: 'a', kind: 'square', side: 1 }))).toBe(true)
    expect(decode(strict(Named))({ name: 'a', kind: 'square', radius: 1 })).toMatchObject({
      left: expect.stringContaining('`radius` is not known') as unknown,
    })
    expect(decode(strict(Named))({ name: 'a', kind: 'sqare', side: 1 })).toMatchObject({
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
        const result = read(input)
        if (E.isRight(result)) expect(Drawing.is(result.right)).toBe(true)
        else expect(result.left).toMatch(/^(`|the value )/)
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
          expect(left(input)).toContain(`\`${name}\` is not known`)
        },
      ),
    )
  })

  it('fills in defaults at any depth, and what depends on what is given before them', () => {
    const Pen = options(t.strict({ width: Finite, tip: t.strict({ size: Count, round: t.boolean }) }), {
      defaults: { width: 1, tip: { size: 2, round: true } },
      derive: given => (given['width'] === 9 ? { tip: { size: 3 } } : {}),
    })
    expect(decode(Pen)({})).toEqual(E.right({ width: 1, tip: { size: 2, round: true } }))
    expect(decode(Pen)({ width: 9, tip: { round: false } })).toEqual(
      E.right({ width: 9, tip: { size: 3, round: false } }),
    )
    expect(decode(Pen)({ width: undefined })).toEqual(
      E.left('`width` is missing; it must be a finite number'),
    )
    expect(decode(Pen)({ tip: { sise: 1 } })).toEqual(
      E.left('`tip.sise` is not known. Did you mean "size"? Known fields here: size, round'),
    )
  })

  it('looks for the fields of the kind that a default names', () => {
    const Page = options(t.strict({ shape: Shape }), { defaults: { shape: { kind: 'square', side: 1 } } })
    expect(decode(Page)({ shape: { side: 2 } })).toEqual(E.right({ shape: { kind: 'square', side: 2 } }))
    expect(decode(Page)({ shape: { radius: 2 } })).toEqual(
      E.left('`shape.radius` is not known. Known fields here: kind, side'),
    )
    expect(decode(Page)({ shape: { kind: 'circle', radius: 2 } })).toMatchObject({
      right: { shape: { kind: 'circle', radius: 2 } },
    })
  })

  it('says what a value must be where its codec has no readable name', () => {
    expect(decode(t.type({ a: t.string }))({ a: 1 })).toEqual(E.left('`a` must be a text, but is 1'))
    expect(decode(t.type({ a: t.UnknownRecord }))({})).toEqual(E.left('`a` is missing; it must be an object'))
    expect(decode(t.type({ a: nullable(t.boolean) }))({ a: 'x' })).toEqual(
      E.left('`a` must be true or false or null, but is "x"'),
    )
    expect(decode(t.type({ a: Square }))({ a: 1 })).toEqual(
      E.left('`a` must be an object with the fields kind, side, but is 1'),
    )
  })

  it('reads what a program recorded that knew more fields', () => {
    expect(decode(lenient(strict(Square)))({ kind: 'square', side: 1, colour: 'red' })).toEqual(
      E.right({ kind: 'square', side: 1 }),
    )
  })
})

/** Text as scanners draw it: letters of 5 by 7 dots, one byte per column, the lowest bit on top. */
const LETTERS: Readonly<Record<string, string>> = {
  A: '7E1111117E',
  E: '7F49494941',
  H: '7F0808087F',
  I: '00417F4100',
  J: '2040413F01',
  M: '7F020C027F',
  N: '7F0408107F',
  O: '3E4141413E',
  S: '4649494931',
  T: '01017F0101',
  '0': '3E5149453E',
  '1': '00427F4000',
  '3': '2141454B31',
  '7': '0171090503',
  '9': '064949291E',
  '-': '0808080808',
}

/** Draws text into a greyscale image, each dot `scale` pixels wide and high. */
export function write(
  image: Buffer,
  columns: number,
  text: string,
  at: { readonly x: number; readonly y: number; readonly scale: number },
): void {
  for (const [index, letter] of text.split('').entries()) {
    const dots = LETTERS[letter] ?? '0000000000'
    for (let column = 0; column < 5; column++)
      for (let row = 0; row < 7; row++) {
        if (((parseInt(dots.slice(2 * column, 2 * column + 2), 16) >> row) & 1) === 0) continue
        for (let down = 0; down < at.scale; down++) {
          const x = at.x + (6 * index + column) * at.scale
          const start = (at.y + row * at.scale + down) * columns + x
          image.fill(250, start, start + at.scale)
        }
      }
  }
}

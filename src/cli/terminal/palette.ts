// Colours for one stream: none where NO_COLOR says so or nobody sees them.
import pc from 'picocolors';

export type Palette = ReturnType<typeof pc.createColors>;

export const createPalette = (stream: NodeJS.WriteStream): Palette =>
  pc.createColors(stream.isTTY && pc.isColorSupported);

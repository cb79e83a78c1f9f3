// Colours for one stream: none with NO_COLOR or without a terminal.
import pc from 'picocolors';

export type Palette = ReturnType<typeof pc.createColors>;

export const createPalette = (stream: NodeJS.WriteStream): Palette =>
  pc.createColors(stream.isTTY && pc.isColorSupported);

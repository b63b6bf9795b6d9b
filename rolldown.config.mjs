// Joins the command line's modules into a few files: loading hundreds of small ones takes longer than a small scan.
export default {
  input: { cli: 'dist/cli.js' },
  platform: 'node',
  external: /^[^./]/,
  output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunk-[hash].js' },
};

import { oneLine } from '../base/text.js';

// Files that stand where a model's files are expected and are something else: what they are, and what to do.

/** As many bytes of a file as its content is told by. */
export const TELLING_BYTES = 256;

const SAVE_AGAIN = 'load the model where it was made, and write it with save_pretrained of transformers';
const PICKLE = `which runs code when it is read: ${SAVE_AGAIN} (safe_serialization=True)`;

/** How a content begins, and what it is. */
const CONTENTS: readonly { readonly start: RegExp; readonly what: string }[] = [
  { start: /^PK\x03\x04/, what: `is a zip archive, as torch.save writes it (a pickle, ${PICKLE})` },
  { start: /^\x80[\x02-\x05]/, what: `is a pickle, ${PICKLE}` },
  {
    start: /^(GGUF|ggml|lmgg|fmgg|tjgg)/,
    what: 'is a GGUF file, made for llama.cpp; take the model that it was made from',
  },
  { start: /^\x89HDF/, what: `is a TensorFlow checkpoint (HDF5): ${SAVE_AGAIN}` },
  { start: /^\x1f\x8b/, what: 'is a gzip archive: unpack it' },
  { start: /^\s*<(!doctype|html|head|\?xml)/i, what: 'is a web page: the page about the file was saved, not the file' },
];

/**
 * What a file is that is no model file, in words that follow its name; undefined where its first bytes do not tell.
 *
 * @param start its first TELLING_BYTES bytes, or all of it.
 */
export function foreignContent(start: Uint8Array): string | undefined {
  if (start.length === 0) return 'is 0 bytes long: was its download broken off?';
  const text = String.fromCharCode(...start.subarray(0, TELLING_BYTES));
  if (/^version https:\/\/git-lfs\.github\.com|^version https:\/\/hawser\.github\.com/.test(text)) {
    const size = /^size (\d{1,15})$/m.exec(text)?.[1];
    const of = size === undefined ? '' : ` of ${Number(size).toLocaleString('en-US')} bytes`;
    return `is a Git LFS pointer, which stands for a file${of}: get that by "git lfs pull" in the folder, or download it`;
  }
  if (/^(# xet version|xet version)/.test(text))
    return 'is a Git Xet pointer: get the file by "git xet" or download it';
  if (text.startsWith('/annex/objects/')) return 'is a git-annex pointer: get the file by "git annex get"';
  return CONTENTS.find(({ start: pattern }) => pattern.test(text))?.what;
}

/** Weight files of other formats by their names, the likeliest first. */
const WEIGHTS: readonly { readonly name: RegExp; readonly what: string }[] = [
  {
    name: /^adapter_model\.(safetensors|bin)$/,
    what: 'an adapter of peft, not a model: merge it (merge_and_unload), and write the whole with save_pretrained',
  },
  { name: /-\d+-of-\d+\.safetensors$/, what: 'a part of a model, whose model.safetensors.index.json is missing' },
  { name: /^(?!model\.safetensors$).*\.safetensors$/, what: 'which must be called model.safetensors' },
  {
    name: /\.pth$/,
    what: `a PyTorch pickle, ${PICKLE}; checkpoints of TransformerLens (attn-only models among them) are not read`,
  },
  { name: /\.(bin|pt|ckpt|pkl|pickle)$|\.bin\.index\.json$/, what: `a PyTorch pickle, ${PICKLE}` },
  { name: /\.(gguf|ggml)$|^ggml-/, what: 'made for llama.cpp (GGUF); take the model that it was made from' },
  { name: /\.msgpack$/, what: `a Flax checkpoint: load it with from_flax=True, and write it with save_pretrained` },
  {
    name: /\.h5$|\.keras$|\.ckpt\.(index|meta|data.*)$|^saved_model\.pb$/,
    what: `a TensorFlow checkpoint: load it with from_tf=True, and write it with save_pretrained`,
  },
  { name: /\.(onnx|ort|tflite|mlmodel|npz|npy|ot)$/, what: `a format that is not read: ${SAVE_AGAIN}` },
];

/** What training leaves beside the weights. */
const NO_WEIGHTS = /^(training_args|optimizer|scheduler|rng_state|scaler)/;

/**
 * The likeliest weight file of another format among the files of a folder: its name, what it is and what to do, in
 * words that follow `there is`; undefined where there is none.
 */
export function foreignWeights(names: readonly string[]): string | undefined {
  const sorted = names.filter((name) => !NO_WEIGHTS.test(name)).sort();
  for (const { name: pattern, what } of WEIGHTS) {
    const found = sorted.find((name) => pattern.test(name));
    if (found !== undefined) return `${oneLine(found)}, ${what}`;
  }
  return undefined;
}

/** The same as the end of a message: `; there is ...`, or nothing. */
export function thereIsInstead(names: readonly string[]): string {
  const foreign = foreignWeights(names);
  return foreign === undefined ? '' : `; there is ${foreign}`;
}

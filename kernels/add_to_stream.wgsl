// stream[t] += (bias_after - bias_before) + sum over i < parts of outputs[i, t]
//              + shift[run, group] * sum over u < shifted of D[first_writer + u, t mod T / runs]
//
// One step of the residual stream. It adds a sublayer's outputs, and the sublayer's attention output bias: the device
// holds sums of these biases before each layer. Where the run is an interpolation, it also adds a part of the writers'
// change D. Several runs over the same tokens follow one another in the stream: each has a shift of its own. Backwards
// it adds up the gradients of ports that read the same stream.
// One invocation per four columns of a token; terms in order.
// Shapes: outputs [P, T, width4], D [W, T / runs, width4], biases [width4], shift [runs, groups] (f32),
// stream [T, width4].
// Grid: workgroups of 64 over T * width4 in x and y. Checked by test/gpu/kernels.test.ts (add_to_stream).
struct Params {
  tokens: u32,
  width4: u32,
  parts: u32,
  group: u32,
  first_writer: u32,
  shifted: u32,
  groups: u32,
  runs: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> outputs: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias_before: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias_after: array<vec4f>;
@group(0) @binding(4) var<storage, read> shift: array<f32>;
@group(0) @binding(5) var<storage, read> differences: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> stream: array<vec4f>;

@compute @workgroup_size(64)
fn add_to_stream(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  let size = params.tokens * params.width4;
  if (i >= size) { return; }
  let column = i % params.width4;
  var sum = bias_after[column] - bias_before[column];
  for (var part = 0u; part < params.parts; part++) { sum += outputs[part * size + i]; }
  sum += stream[i];
  if (params.shifted > 0u) {
    let of_run = size / params.runs;
    let amount = shift[(i / of_run) * params.groups + params.group];
    if (amount != 0.0) {
      var change = vec4f(0.0);
      let change_at = params.first_writer * of_run + i % of_run;
      for (var u = 0u; u < params.shifted; u++) { change += differences[change_at + u * of_run]; }
      sum += amount * change;
    }
  }
  stream[i] = sum;
}

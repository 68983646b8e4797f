// stream[t] += (bias_after - bias_before) + sum over i < parts of outputs[i, t]
//              + shift[group] * sum over u < shifted of D[first_writer + u, t]
//
// One step of the residual stream. It adds a sublayer's outputs, and the sublayer's attention output bias: the device
// holds sums of these biases before each layer. Where the run is an interpolation, it also adds a part of the writers'
// change D. Backwards it adds up the gradients of ports that read the same stream.
// One invocation per four columns of a token; terms in order.
// Shapes: outputs [P, T, width4], D [W, T, width4], biases [width4], shift [groups] (f32), stream [T, width4].
// Grid: workgroups of 64 over T * width4 in x and y. Checked by test/gpu/kernels.test.ts (add_to_stream).
struct Params {
  tokens: u32,
  width4: u32,
  parts: u32,
  group: u32,
  first_writer: u32,
  shifted: u32,
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
    let amount = shift[params.group];
    if (amount != 0.0) {
      var change = vec4f(0.0);
      for (var u = 0u; u < params.shifted; u++) { change += differences[(params.first_writer + u) * size + i]; }
      sum += amount * change;
    }
  }
  stream[i] = sum;
}

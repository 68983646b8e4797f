// y[first + i] -= x[i] for the outputs of some writers
//
// Turns what cut edges carry into its difference to this run. SAME_AT_EVERY_TOKEN: x holds one row per writer, a
// constant, which is subtracted at every token.
// Shapes: x [parts, T, width4] or [parts, width4], y [W, T, width4] from writer `first` on.
// Grid: workgroups of 64 over parts * T * width4 in x and y. Checked by test/gpu/kernels.test.ts (subtract_outputs).
struct Params {
  tokens: u32,
  width4: u32,
  parts: u32,
  first: u32,
}
override SAME_AT_EVERY_TOKEN: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn subtract_outputs(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  let size = params.tokens * params.width4;
  if (i >= params.parts * size) { return; }
  var source = i;
  if (SAME_AT_EVERY_TOKEN) { source = i / size * params.width4 + i % params.width4; }
  y[params.first * size + i] -= x[source];
}

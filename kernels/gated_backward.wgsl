// From the gradient at y = activation(gate) * up to those at both factors:
//   gate_gradient[i] = factor * gradient[i] * up[i] * d activation(gate[i]) / d gate
//   gradient[i]     <- factor * gradient[i] * activation(gate[i]), in place: the gradient at up
//   IDENTITY_RULE: activation(gate) / gate in place of the derivative, as in activation_backward.wgsl
//
// A factor of 1/2 is RelP's half rule: both factors share in one change.
// Shapes: gate_rows, up, gradient, gate_gradient [count4] in vec4s. Grid: workgroups of 64 in x and y.
// Source of the rules: RelP, Jafari et al. 2025 (arXiv:2508.21258). Checked by test/gpu/kernels.test.ts
// (gated_backward).
struct Params {
  count4: u32,
  factor: f32,
}
override IDENTITY_RULE: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_rows: array<vec4f>;
@group(0) @binding(2) var<storage, read> up: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> gate_gradient: array<vec4f>;
//#include activation_slope

@compute @workgroup_size(64)
fn gated_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= params.count4) { return; }
  let dy = params.factor * gradient[i];
  var passed = vec4f(0.0);
  if (IDENTITY_RULE) { passed = gate(gate_rows[i]); } else { passed = slope(gate_rows[i]); }
  gate_gradient[i] = dy * up[i] * passed;
  gradient[i] = dy * activate(gate_rows[i]);
}

// gradient[i] *= d activation(x[i]) / dx, in place; with IDENTITY_RULE gradient[i] *= activation(x[i]) / x[i].
//
// The identity rule writes activation(x) = x * gate(x) and takes the gate as a constant. Where the gate is nearly flat,
// its slope would hide what x does. Where the activation is piecewise linear (relu), both rules are the same.
// Shapes: x, gradient [count4] in vec4s. Grid: workgroups of 64 in x and y.
// Source of the rule: RelP, Jafari et al. 2025 (arXiv:2508.21258).
// Checked by test/gpu/kernels.test.ts (activation_backward).
struct Params {
  count4: u32,
}
override IDENTITY_RULE: bool;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> gradient: array<vec4f>;
//#include activation_slope

@compute @workgroup_size(64)
fn activation_backward(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= params.count4) { return; }
  if (IDENTITY_RULE) { gradient[i] *= gate(x[i]); } else { gradient[i] *= slope(x[i]); }
}

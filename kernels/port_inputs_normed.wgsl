// x[j, r] = positions + sum over groups g of the values that the port reads, t = rows_j[r]:
//   an MLP's or the input's:  v_g[t]
//   a layer's heads:          v_g[t] * scale * gain[l],  with bias[l] among the terms of v_g,
//                             scale = 1 / sqrt(mean of v_g[t]^2 + epsilon)
//   v_g = sum over the group's cut writers u of ablated[u, t] + sum over its kept writers u of outputs[c_j, u, t]
//
// Inputs of ports in a model that norms what the heads of a layer add up to. Single heads then do not add to the
// stream: every port forms the sums of its own edges and norms them. The order of all additions is fixed: the groups
// from the last to the first, in each the cut writers first, each from the last to the first.
// One workgroup per row. A group's sum is formed twice, for its scale and to be added: it needs no memory that grows
// with the width. Sums of squares are those of shared/reduce_sum.wgsl.
// Shapes: outputs [C, W, T, width4], ablated [W, T, width4], gain and bias [L, width4], positions [S, width4], x [rows
// of all jobs, width4]. Grid: x and y cover the most rows of a job, z = jobs. Source: Gemma 2 (arXiv:2408.00118) for
// the norms. Checked by test/gpu/kernels.test.ts (port_inputs_normed).
struct Params {
  tokens: u32,
  sequence: u32,
  width: u32,
  width4: u32,
  writer_total: u32,
  jobs_at: u32,
  add_positions: u32,
  epsilon: f32,
}
// The input of one port of one circuit, or of several ports with equal masks.
struct Job {
  circuit: u32,
  rows_at: u32, // where control lists the token rows
  rows: u32, // their number
  first_row: u32, // row of x that the first of them goes to
  groups_at: u32, // where control lists the groups, three words each: see group_at
  groups: u32, // their number
}
// Writers that are summed before they are normed, if at all.
struct Group {
  normed: u32, // 0: added as it is; l + 1: normed by layer l's norm
  writers_at: u32, // where control lists the writers; a cut one has the bit CUT
  writers: u32, // their number
}
override WORKGROUP: u32;
const CUT = 0x80000000u;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> outputs: array<vec4f>;
@group(0) @binding(3) var<storage, read> ablated: array<vec4f>;
@group(0) @binding(4) var<storage, read> gain: array<vec4f>;
@group(0) @binding(5) var<storage, read> bias: array<vec4f>;
@group(0) @binding(6) var<storage, read> positions: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> x: array<vec4f>;
//#include reduce_sum
//#include norm_scale
alias Leaf = f32;

fn group_at(at: u32) -> Group {
  return Group(control[at], control[at + 1u], control[at + 2u]);
}

// Four columns of a group's sum. `here` is the row and column in an array of one writer.
fn sum_of(group: Group, outputs_at: u32, here: u32, column: u32) -> vec4f {
  let writer_stride = params.tokens * params.width4;
  var sum = vec4f(0.0);
  if (group.normed != 0u) { sum = bias[(group.normed - 1u) * params.width4 + column]; }
  for (var i = group.writers_at; i < group.writers_at + group.writers; i++) {
    let writer = control[i];
    if ((writer & CUT) != 0u) { sum += ablated[(writer & ~CUT) * writer_stride + here]; }
    else { sum += outputs[outputs_at + writer * writer_stride + here]; }
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn port_inputs_normed(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = job_at(wid.z);
  let row = wid.y * grid.x + wid.x;
  if (row >= job.rows) { return; }
  let token = control[job.rows_at + row];
  let here = token * params.width4;
  let x_at = (job.first_row + row) * params.width4;
  let outputs_at = job.circuit * params.writer_total * params.tokens * params.width4;
  for (var c = lane; c < params.width4; c += WORKGROUP) {
    var constant = vec4f(0.0);
    if (params.add_positions != 0u) { constant = positions[(token % params.sequence) * params.width4 + c]; }
    x[x_at + c] = constant;
  }
  for (var g = 0u; g < job.groups; g++) {
    let group = group_at(job.groups_at + 3u * g);
    var scale = 1.0;
    if (group.normed != 0u) {
      for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
        var squares = vec4f(0.0);
        for (var c = leaf; c < params.width4; c += LEAVES) {
          let sum = sum_of(group, outputs_at, here + c, c);
          squares += sum * sum;
        }
        leaves[leaf] = dot(squares, vec4f(1.0));
      }
      scale = norm_scale(sum_of_leaves(lane) / f32(params.width), params.epsilon);
    }
    for (var c = lane; c < params.width4; c += WORKGROUP) {
      var value = sum_of(group, outputs_at, here + c, c);
      if (group.normed != 0u) { value = value * scale * gain[(group.normed - 1u) * params.width4 + c]; }
      x[x_at + c] += value;
    }
  }
}

// sums[slot_j, t] = (sums[slot_j, t], or the port's constant) + sum over listed writers u of ablated[u, t], t =
// rows_j[r]
//
// The sum over a port's cut edges, kept from one circuit to the next while they stay cut. kernels/port_inputs.wgsl goes
// on from it. Writers are added in the order listed: a sum made in several steps has the bits of a sum made at once.
// One invocation per four columns of one row.
// Shapes: ablated [W, T, width4], bias [width4], positions [S, width4], sums [slots, T, width4].
// Grid: x covers the most rows of a job * width4, y = jobs. No two jobs have one slot.
// Checked by test/gpu/kernels.test.ts (cut_sums).
struct Params {
  tokens: u32,
  sequence: u32,
  width4: u32,
  jobs_at: u32,
  add_positions: u32,
}
// One slot to bring up to date.
struct Job {
  slot: u32,
  resume: u32, // 1: go on from what the slot holds; 0: start from bias and positions
  rows_at: u32, // where control lists the token rows
  rows: u32, // their number
  writers_at: u32, // where control lists the writers
  writers: u32, // their number
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> ablated: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read> positions: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;

@compute @workgroup_size(64)
fn cut_sums(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let job = job_at(wid.y);
  if (gid.x >= job.rows * params.width4) { return; }
  let column = gid.x % params.width4;
  let token = control[job.rows_at + gid.x / params.width4];
  let writer_stride = params.tokens * params.width4;
  let here = token * params.width4 + column;
  let sum_at = job.slot * writer_stride + here;

  var sum: vec4f;
  if (job.resume == 0u) {
    sum = bias[column];
    if (params.add_positions != 0u) { sum += positions[(token % params.sequence) * params.width4 + column]; }
  } else {
    sum = sums[sum_at];
  }
  let end = job.writers_at + job.writers;
  for (var i = job.writers_at; i < end; i++) { sum += ablated[control[i] * writer_stride + here]; }
  sums[sum_at] = sum;
}

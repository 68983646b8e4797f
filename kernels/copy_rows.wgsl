// out[t_r, c] = source[s_r, c], or out[t_r, c] += source[s_r, c], for the rows r and columns c of a job
//
// It sets part of a run from another buffer, or takes it out. Both arrays have rows of their own stride anywhere in a
// buffer. A step of 0 between columns of `source` gives every column of a row one value. A stride of 0 gives every row
// one row. One invocation per element. No two jobs write one element.
// Shapes: source, out [any] (f32). Grid: x and y cover the most elements of a job in workgroups of 64, z = jobs.
// Checked by test/gpu/kernels.test.ts (copy_rows).
struct Params {
  jobs_at: u32,
}
// Some rows and columns.
struct Job {
  rows: u32,
  columns: u32,
  out_at: u32, // first element of row 0 of `out`
  out_stride: u32, // elements from one row of `out` to the next
  out_rows_at: u32, // where control lists t_r; EVERY: t_r = r
  source_at: u32, // first element of row 0 of `source`
  source_stride: u32,
  source_step: u32, // elements from one column of `source` to the next
  source_rows_at: u32, // where control lists s_r; EVERY: s_r = r
  adds: u32, // 1 to add, 0 to replace
}
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn listed(rows_at: u32, row: u32) -> u32 {
  if (rows_at == EVERY) { return row; }
  return control[rows_at + row];
}

@compute @workgroup_size(64)
fn copy_rows(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let job = job_at(wid.z);
  let i = 64u * (wid.y * groups.x + wid.x) + lane;
  if (i >= job.rows * job.columns) { return; }
  let row = i / job.columns;
  let column = i % job.columns;
  let at = job.out_at + listed(job.out_rows_at, row) * job.out_stride + column;
  let value = source[job.source_at + listed(job.source_rows_at, row) * job.source_stride + column * job.source_step];
  if (job.adds != 0u) { out[at] += value; } else { out[at] = value; }
}

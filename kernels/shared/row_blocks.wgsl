// Long rows are cut into blocks of BLOCK columns, and every block has a workgroup: few rows then keep many workgroups
// busy. A sum over a row is the sum of its blocks' sums. Which columns those are does not depend on the device.
// Grid: rows in x and y, blocks in z. src/gpu/workgroups.ts has BLOCK too.
const BLOCK = 2048u;

// Number of blocks of a row of `columns`.
fn blocks_of(columns: u32) -> u32 {
  return (columns + BLOCK - 1u) / BLOCK;
}

# How full the drives are. Reads only. Ends with 2 where the drive is as full as was said.
$drive = '{{drive}}'
$limit = '{{failAbove}}'

$disks = Get-CimInstance Win32_LogicalDisk -Filter 'DriveType = 3'
$disks | Select-Object DeviceID,
  @{ Name = 'SizeGiB'; Expression = { [math]::Round($_.Size / 1GB, 1) } },
  @{ Name = 'FreeGiB'; Expression = { [math]::Round($_.FreeSpace / 1GB, 1) } },
  @{ Name = 'UsedPercent'; Expression = { [math]::Round(100 * (1 - $_.FreeSpace / $_.Size)) } } |
  Format-Table -AutoSize | Out-String -Width 200

$disk = $disks | Where-Object { $_.DeviceID -eq "${drive}:" }
if ($null -eq $disk) {
  [Console]::Error.WriteLine("there is no drive ${drive}:")
  exit 1
}
Get-ChildItem -Path "${drive}:\" -Directory -Force -ErrorAction SilentlyContinue | ForEach-Object {
  $size = (Get-ChildItem -Path $_.FullName -Recurse -File -Force -ErrorAction SilentlyContinue |
    Measure-Object -Property Length -Sum).Sum
  [PSCustomObject]@{ Folder = $_.FullName; SizeMiB = [math]::Round($size / 1MB) }
} | Sort-Object SizeMiB -Descending | Select-Object -First 20 | Format-Table -AutoSize | Out-String -Width 200

$used = [math]::Round(100 * (1 - $disk.FreeSpace / $disk.Size))
"${drive}: is $used % full."
if ($limit -ne '' -and $used -ge [int]$limit) {
  [Console]::Error.WriteLine("That is $limit % or more.")
  exit 2
}
exit 0

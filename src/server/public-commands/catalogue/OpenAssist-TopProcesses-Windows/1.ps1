# The busiest and the largest processes. Reads only.
$count = [int]'{{count}}'
'By processor time, in seconds:'
Get-Process | Sort-Object CPU -Descending | Select-Object -First $count Id, ProcessName, CPU,
  @{ Name = 'MemoryMiB'; Expression = { [math]::Round($_.WorkingSet64 / 1MB) } } | Format-Table -AutoSize | Out-String -Width 200
'By memory:'
Get-Process | Sort-Object WorkingSet64 -Descending | Select-Object -First $count Id, ProcessName, CPU,
  @{ Name = 'MemoryMiB'; Expression = { [math]::Round($_.WorkingSet64 / 1MB) } } | Format-Table -AutoSize | Out-String -Width 200
exit 0

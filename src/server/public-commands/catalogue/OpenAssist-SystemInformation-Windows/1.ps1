# What this host is. Reads only.
$system = Get-CimInstance Win32_OperatingSystem
$machine = Get-CimInstance Win32_ComputerSystem
[PSCustomObject]@{
  Host       = $env:COMPUTERNAME
  System     = "$($system.Caption) $($system.Version)"
  Machine    = $system.OSArchitecture
  Processors = $machine.NumberOfLogicalProcessors
  MemoryMiB  = [math]::Round($machine.TotalPhysicalMemory / 1MB)
  FreeMiB    = [math]::Round($system.FreePhysicalMemory / 1KB)
  Up         = ((Get-Date) - $system.LastBootUpTime).ToString()
  Addresses  = (Get-NetIPAddress | Where-Object { $_.InterfaceAlias -notlike 'Loopback*' } |
    ForEach-Object { $_.IPAddress }) -join ', '
} | Format-List | Out-String -Width 200

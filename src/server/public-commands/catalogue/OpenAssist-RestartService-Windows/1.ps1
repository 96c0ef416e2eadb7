# Restarts a service, and looks whether it runs afterwards.
$name = '{{service}}'
$ErrorActionPreference = 'Stop'
try {
  Restart-Service -Name $name -Force
  $service = Get-Service -Name $name
  $service.WaitForStatus('Running', [TimeSpan]::FromSeconds(60))
  "$name is $($service.Status)"
} catch {
  [Console]::Error.WriteLine($_.Exception.Message)
  exit 1
}
exit 0

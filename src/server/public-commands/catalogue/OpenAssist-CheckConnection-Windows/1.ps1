# Whether this host reaches a port of another one.
$name = '{{host}}'
$port = [int]'{{port}}'
$test = Test-NetConnection -ComputerName $name -Port $port -WarningAction SilentlyContinue
"address $($test.RemoteAddress)"
if ($test.TcpTestSucceeded) {
  "$name port $port takes connections"
  exit 0
}
[Console]::Error.WriteLine("$name port $port takes no connection")
exit 2

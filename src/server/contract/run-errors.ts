// The error rows that RunCommand and InvokeCommand document with the same words (api/catalog.json).
import { error, neverAnswered } from './define-operation.js'
import { launcherNotValid, notValid } from './error-rows.js'
import { rolloutErrors } from './rollout-parameters.js'

const OWN_STORE =
  'The parameter store is this server’s own: whoever may run a command may refer to every secret of its account.'

export const runErrors = [
  error('MissingParam.InstanceId', 400, 'The parameter instanceId is missing or empty.', [
    'InstanceId/missing',
    'InstanceId/too-few',
  ]),
  error('InstanceIds.ExceedLimit', 403, 'The number of instance IDs exceeds the upper limit.', [
    'InstanceId/too-many',
    'instance/too-many',
  ]),
  error('InvalidInstance.NotFound', 404, 'The specified instance does not exist.', 'instance/not-found'),
  error(
    'InvalidInstance.NotMatch',
    400,
    'The specified instance type does not match the command.',
    'instance/does-not-match-command',
  ),
  error(
    'InvalidResourceTag.ConflictWithInstanceIds',
    400,
    'The specified param ResourceTag conflicts with InstanceId.',
    'ResourceTag/conflict',
  ),
  error(
    'InvalidResourceTag.InstanceNotFound',
    400,
    'InstanceIds are not found by the specified ResourceTag.',
    'resource-tag/no-instance',
  ),
  error('NumberExceed.ResourceTags', 400, 'The maximum number of ResourceTags is exceeded.', 'ResourceTag/too-many'),
  error('MissingParameter.ResourceTagKey', 400, 'You must specify ResourceTag.N.Key.', [
    'ResourceTag.Key/missing',
    'ResourceTag.Key/too-short',
  ]),
  error('Duplicate.ResourceTagKey', 400, 'The ResourceTag contains duplicate keys.', 'ResourceTag/duplicate'),
  error('InvalidResourceTagKey.Malformed', 400, 'The specified ResourceTag key is not valid.', [
    'ResourceTag.Key/malformed',
    'ResourceTag.Key/too-long',
    'ResourceTag.Key/illegal-character',
  ]),
  error('InvalidResourceTagValue.Malformed', 400, 'The specified ResourceTag value is not valid.', [
    'ResourceTag.Value/malformed',
    'ResourceTag.Value/too-long',
    'ResourceTag.Value/illegal-character',
  ]),
  error('InvalidRepeatMode.NotFound', 404, 'The specified repeat mode does not exist.', 'RepeatMode/unknown'),
  error('MissingParam.Frequency', 400, 'The frequency must be specified when you create a timed task.', [
    'Frequency/missing',
    'frequency/missing',
  ]),
  error('InvalidParam.Frequency', 400, 'The specified frequency is invalid.', [
    'Frequency/malformed',
    'Frequency/too-long',
    'Frequency/illegal-character',
    'frequency/not-possible',
  ]),
  error('InvalidParameter.Parameters', 400, 'The specified parameter Parameters is not valid.', [
    'Parameters/malformed',
    'parameters/malformed',
  ]),
  error('InvalidParameterCharset.Parameters', 403, 'The parameter Parameters contains illegal charset.', [
    'Parameters/illegal-character',
  ]),
  error('ParameterCount.ExceedLimit', 403, 'The maximum number of parameters is exceeded.', [
    'Parameters/too-many',
    'parameters/too-many',
  ]),
  error('ParameterKey.Duplicate', 403, 'Parameter names cannot be duplicated.', [
    'Parameters/duplicate',
    'parameters/duplicate',
  ]),
  error(
    'ParameterKey.ExceedLimit',
    403,
    'The maximum length of a parameter name is exceeded.',
    'parameters/name-too-long',
  ),
  error(
    'ParameterType.NotSupported',
    403,
    'The type of parameter value is not supported.',
    'parameters/type-not-supported',
  ),
  error(
    'Parameter.Disabled',
    400,
    'Parameters cannot be passed in when the command customization function is disabled.',
    'parameters/disabled',
  ),
  error(
    'Parameter.NotMatched',
    403,
    'The passed-in parameters do not match the parameters defined when you created the command.',
    'parameters/not-matched',
  ),
  error(
    'ParameterStore.InvalidParameters',
    403,
    'The parameter is invalid in Parameter Store.',
    'parameters/secret-not-valid',
  ),
  neverAnswered(
    'ParameterStore.NotSupported',
    403,
    'Parameter Store is not supported in this region.',
    'Every region that this server serves has a parameter store.',
  ),
  neverAnswered('ParameterStore.NoPermission', 403, 'You have no access to Parameter Store.', OWN_STORE),
  neverAnswered('TemporaryAccessKey.Error', 403, 'The temporary accessKey is invalid.', OWN_STORE),
  error('Username.ExceedLimit', 403, 'The length of the username exceeds the upper limit.', 'Username/too-long'),
  notValid('Username', ['Username/malformed', 'Username/illegal-character']),
  error(
    'WindowsPasswordName.ExceedLimit',
    403,
    'The length of the WindowsPasswordName exceeds the upper limit.',
    'WindowsPasswordName/too-long',
  ),
  notValid('WindowsPasswordName', ['WindowsPasswordName/malformed', 'WindowsPasswordName/illegal-character']),
  error(
    'WindowsPasswordName.Missed',
    403,
    'WindowsPasswordName must be specified when you create a Windows task.',
    'user/password-missing',
  ),
  error('InvalidContainerId.Malformed', 400, 'The specified parameter ContainerId is not valid.', [
    'ContainerId/malformed',
    'ContainerId/illegal-character',
  ]),
  error('InvalidContainerName.Malformed', 400, 'The specified parameter ContainerName is not valid.', [
    'ContainerName/malformed',
    'ContainerName/too-long',
    'ContainerName/illegal-character',
  ]),
  error(
    'InvalidTerminationMode.NotFound',
    404,
    'The specified parameter TerminationMode does not exist.',
    'TerminationMode/unknown',
  ),
  error(
    'InvalidLauncher.LengthLimitExceeded',
    403,
    'The length of the parameter Launcher exceeds the limit of 1 KB characters.',
    'Launcher/too-long',
  ),
  launcherNotValid,
  error(
    'InvalidTimeout.ExceedLimit',
    403,
    'The specified parameter Timeout exceeds the upper limit.',
    'Timeout/too-big',
  ),
  notValid('Timeout', ['Timeout/too-small', 'Timeout/malformed']),
  error(
    'Invocation.ExceedQuota',
    403,
    'The invocation quota in the current region has been reached for today.',
    'invocation/quota-exceeded',
  ),
  notValid('OssOutputDelivery', [
    'OssOutputDelivery/malformed',
    'OssOutputDelivery/illegal-character',
    'output-delivery/malformed',
  ]),
  error(
    'InvalidParameter.OssOutputDelivery',
    400,
    'No store is configured for the specified OssOutputDelivery.',
    'output-delivery/no-store',
  ),
  error('InvalidInvokeId.NotFound', 404, 'The invocation that RerunOf names does not exist.', 'invocation/not-found'),
  error('InvalidRerunOf.Conflict', 400, 'RerunOf excludes ResourceTag.', 'RerunOf/conflict'),
  error(
    'InvalidRerunOf.NothingFailed',
    400,
    'The invocation that RerunOf names failed on no instance that is still there and, with InstanceId, named.',
    'rerun/nothing-to-run',
  ),
  ...rolloutErrors,
  error(
    'InvalidParameter.RepeatMode',
    400,
    'Only what runs once can be given to instances one after the other; OfflineTimeout alone goes with every RepeatMode.',
    'rollout/not-once',
  ),
] as const

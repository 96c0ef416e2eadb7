// Every operation of the API, one line each.
import type { Operation } from '../contract/define-operation.js'
import { CancelRollout } from './CancelRollout.js'
import { CreateActivation } from './CreateActivation.js'
import { CreateCommand } from './CreateCommand.js'
import { CreateSecretParameter } from './CreateSecretParameter.js'
import { DeleteCommand } from './DeleteCommand.js'
import { DeleteSecretParameter } from './DeleteSecretParameter.js'
import { DescribeActivations } from './DescribeActivations.js'
import { DescribeCloudAssistantStatus } from './DescribeCloudAssistantStatus.js'
import { DescribeCommands } from './DescribeCommands.js'
import { DescribeInstances } from './DescribeInstances.js'
import { DescribeInvocationResults } from './DescribeInvocationResults.js'
import { DescribeInvocations } from './DescribeInvocations.js'
import { DescribeManagedInstances } from './DescribeManagedInstances.js'
import { DescribeRegions } from './DescribeRegions.js'
import { DescribeRollouts } from './DescribeRollouts.js'
import { DescribeSendFileResults } from './DescribeSendFileResults.js'
import { DescribeTags } from './DescribeTags.js'
import { GetSecretParameter } from './GetSecretParameter.js'
import { InvokeCommand } from './InvokeCommand.js'
import { ListSecretParameters } from './ListSecretParameters.js'
import { ListTagResources } from './ListTagResources.js'
import { ModifyCommand } from './ModifyCommand.js'
import { PauseRollout } from './PauseRollout.js'
import { ResumeRollout } from './ResumeRollout.js'
import { ModifyInvocationAttribute } from './ModifyInvocationAttribute.js'
import { RunCommand } from './RunCommand.js'
import { SendFile } from './SendFile.js'
import { StopInvocation } from './StopInvocation.js'
import { TagResources } from './TagResources.js'
import { UntagResources } from './UntagResources.js'
import { UpdateSecretParameter } from './UpdateSecretParameter.js'

export const operations: readonly Operation[] = [
  DescribeCloudAssistantStatus,
  RunCommand,
  InvokeCommand,
  StopInvocation,
  ModifyInvocationAttribute,
  DescribeInvocations,
  DescribeInvocationResults,
  SendFile,
  DescribeSendFileResults,
  DescribeRollouts,
  PauseRollout,
  ResumeRollout,
  CancelRollout,
  CreateCommand,
  DescribeCommands,
  ModifyCommand,
  DeleteCommand,
  CreateSecretParameter,
  UpdateSecretParameter,
  DeleteSecretParameter,
  GetSecretParameter,
  ListSecretParameters,
  CreateActivation,
  DescribeActivations,
  DescribeManagedInstances,
  DescribeInstances,
  TagResources,
  UntagResources,
  ListTagResources,
  DescribeTags,
  DescribeRegions,
]

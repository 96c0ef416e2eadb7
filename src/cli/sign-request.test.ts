import { describe, expect, it } from 'vitest'
import { encodeParameters, percentEncode, signRequest } from './sign-request.js'

describe('a signature of version 3', () => {
  it('is the one that the vendor printed for its sample request', () => {
    const headers = signRequest(
      {
        method: 'POST',
        host: 'ecs.cn-shanghai.aliyuncs.com',
        action: 'RunInstances',
        version: '2014-05-26',
        // Sorted by the signer.
        query: [
          ['RegionId', 'cn-shanghai'],
          ['ImageId', 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd'],
        ],
        body: '',
        contentType: undefined,
        date: new Date('2023-10-26T10:22:32.987Z'),
        nonce: '3156853299f313e23d1673dc12e1703d',
      },
      { accessKeyId: 'YourAccessKeyId', accessKeySecret: 'YourAccessKeySecret' },
    )
    expect(headers).toEqual({
      host: 'ecs.cn-shanghai.aliyuncs.com',
      'x-acs-action': 'RunInstances',
      'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-acs-date': '2023-10-26T10:22:32Z',
      'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
      'x-acs-version': '2014-05-26',
      authorization:
        'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;' +
        'x-acs-signature-nonce;x-acs-version,' +
        'Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    })
  })

  it('covers the content type and the body when there is one', () => {
    const sign = (body: string) =>
      signRequest(
        {
          method: 'POST',
          host: '127.0.0.1:8080',
          action: 'RunCommand',
          version: '2014-05-26',
          query: [],
          body,
          contentType: 'application/x-www-form-urlencoded',
          date: new Date(0),
          nonce: 'n',
        },
        { accessKeyId: 'a', accessKeySecret: 's' },
      )
    expect(sign('a=1')['authorization']).toContain('SignedHeaders=content-type;host;x-acs-action;')
    expect(sign('a=1')['authorization']).not.toBe(sign('a=2')['authorization'])
  })
})

describe('percent-encoding', () => {
  it('leaves the unreserved characters only, and encodes the bytes of UTF-8', () => {
    expect(percentEncode("aZ09-_.~ !*'()+/=&%\n中😀")).toBe(
      'aZ09-_.~%20%21%2A%27%28%29%2B%2F%3D%26%25%0A%E4%B8%AD%F0%9F%98%80',
    )
  })

  it('replaces half of a surrogate pair instead of failing', () => {
    expect(percentEncode('\ud800')).toBe('%EF%BF%BD')
  })

  it('keeps the equals sign of an empty value', () => {
    expect(
      encodeParameters([
        ['a', ''],
        ['b.1', 'x y'],
      ]),
    ).toBe('a=&b.1=x%20y')
  })
})

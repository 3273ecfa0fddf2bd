# SPDX-License-Identifier: Apache-2.0
"""Both ways round: what stands around machines and networks (addresses, keys, templates, disks)."""
import json

from both_ways import REGION, BothWays, client, pairs
from both_ways_ec2 import TAGS, Ec2, tagged

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC7sMfOaoUpeIuxHM0sGQw9fjNMnZZu0880fwaKtOKDi me@here"


class Around(Ec2, BothWays):
    """Addresses, gateways, keys, groups of machines."""

    def machine(self, subnet):
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        return self.ec2.run_instances(ImageId=image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1,
                                      SubnetId=subnet)["Instances"][0]["InstanceId"]

    def address_case(self, properties, make, unseen=()):
        def read(i):
            one = self.ec2.describe_addresses(AllocationIds=[i])["Addresses"][0]
            name = self.ec2.describe_addresses_attribute(AllocationIds=[i], Attribute="domain-name")["Addresses"]
            seen = {
                "domain": one["Domain"], "address": one["PublicIp"], "public_ipv4_pool": one.get("PublicIpv4Pool"),
                "network_border_group": one["NetworkBorderGroup"], "instance": one.get("InstanceId"),
                "customer_owned_ipv4_pool": one.get("CustomerOwnedIpv4Pool"),
                "network_interface": one.get("NetworkInterfaceId"), "private_ip": one.get("PrivateIpAddress"),
                "domain_name": name[0].get("PtrRecord") if name else None, "tags": pairs(one["Tags"])}
            return {key: seen[key] for key in properties if key not in unseen}
        self.both_ways("aws.ec2.elastic_ip", properties, make, read, unseen)

    def test_elastic_ip(self):
        machine = self.machine(self.subnet(self.vpc()))

        def make():
            i = self.ec2.allocate_address(Domain="vpc", **tagged("elastic-ip"))["AllocationId"]
            self.ec2.associate_address(AllocationId=i, InstanceId=machine, PrivateIpAddress="10.1.1.10")
            self.ec2.modify_address_attribute(AllocationId=i, DomainName="gpu.example.com")
            return i
        self.address_case({"domain": "vpc", "instance": machine, "private_ip": "10.1.1.10",
                           "domain_name": "gpu.example.com", "tags": TAGS}, make)

    def test_elastic_ip_of_an_interface(self):
        def make():
            i = self.ec2.allocate_address(Address="203.0.113.77", PublicIpv4Pool="ipv4pool-ec2-0123456789abcdef0",
                                          NetworkBorderGroup=REGION, CustomerOwnedIpv4Pool="ipv4pool-coip-1",
                                          **tagged("elastic-ip"))["AllocationId"]
            self.ec2.associate_address(AllocationId=i, NetworkInterfaceId="eni-0123456789abcdef0")
            return i
        self.address_case({"address": "203.0.113.77", "public_ipv4_pool": "ipv4pool-ec2-0123456789abcdef0",
                           "network_border_group": REGION, "customer_owned_ipv4_pool": "ipv4pool-coip-1",
                           "network_interface": "eni-0123456789abcdef0", "tags": TAGS}, make)

    def test_an_address_that_is_used_is_not_released(self):
        machine = self.machine(self.subnet(self.vpc()))
        i = self.ec2.allocate_address()["AllocationId"]
        use = self.ec2.associate_address(AllocationId=i, InstanceId=machine)["AssociationId"]
        with self.assertRaisesRegex(self.ec2.exceptions.ClientError, "InvalidIPAddress.InUse"):
            self.ec2.release_address(AllocationId=i)
        self.ec2.disassociate_address(AssociationId=use)
        with self.assertRaisesRegex(self.ec2.exceptions.ClientError, "InvalidAssociationID.NotFound"):
            self.ec2.disassociate_address(AssociationId=use)
        again = self.ec2.associate_address(AllocationId=i, InstanceId=machine)["AssociationId"]
        self.assertNotEqual(again, use)
        self.ec2.disassociate_address(AssociationId=again)
        self.ec2.release_address(AllocationId=i)
        self.assertEqual(self.ec2.describe_addresses()["Addresses"], [])

    def nat_case(self, properties, unseen=(), **arguments):
        def make():
            return self.ec2.create_nat_gateway(**tagged("natgateway"), **arguments)["NatGateway"]["NatGatewayId"]

        def read(i):
            one = self.ec2.describe_nat_gateways(NatGatewayIds=[i])["NatGateways"][0]
            first = one["NatGatewayAddresses"][0] if one.get("NatGatewayAddresses") else {}
            seen = {"subnet": one.get("SubnetId"), "vpc": one["VpcId"], "availability_mode": one["AvailabilityMode"],
                    "connectivity_type": one["ConnectivityType"], "elastic_ip": first.get("AllocationId"),
                    "private_ip": first.get("PrivateIp"), "tags": pairs(one["Tags"])}
            return {key: seen[key] for key in properties if key not in unseen}
        self.both_ways("aws.ec2.nat_gateway", properties, make, read, unseen)

    def test_nat_gateway(self):
        subnet, more = self.subnet(self.vpc()), self.ec2.allocate_address()["AllocationId"]
        address = self.ec2.allocate_address()["AllocationId"]
        self.nat_case({"subnet": subnet, "elastic_ip": address, "connectivity_type": "public", "private_ip": "10.1.1.50",
                       "availability_mode": "zonal", "secondary_elastic_ips": [more],
                       "secondary_private_ips": ["10.1.1.51"], "tags": TAGS},
                      unseen=("secondary_elastic_ips", "secondary_private_ips"),
                      SubnetId=subnet, AllocationId=address, PrivateIpAddress="10.1.1.50", SecondaryAllocationIds=[more],
                      SecondaryPrivateIpAddresses=["10.1.1.51"])
        self.ec2.release_address(AllocationId=address)  # it is free again

    def test_private_nat_gateway(self):
        subnet = self.subnet(self.vpc())
        self.nat_case({"subnet": subnet, "connectivity_type": "private", "secondary_private_ip_count": 2, "tags": TAGS},
                      unseen=("secondary_private_ip_count",), SubnetId=subnet, ConnectivityType="private",
                      SecondaryPrivateIpAddressCount=2)

    def test_regional_nat_gateway(self):
        vpc, address = self.vpc(), self.ec2.allocate_address()["AllocationId"]
        self.nat_case({"vpc": vpc, "availability_mode": "regional",
                       "zone_addresses": [{"zone": REGION + "a", "elastic_ips": [address]}], "tags": TAGS},
                      unseen=("zone_addresses",), VpcId=vpc, AvailabilityMode="regional",
                      AvailabilityZoneAddresses=[{"AvailabilityZone": REGION + "a", "AllocationIds": [address]}])

    def test_key_pair(self):
        def make():
            return self.ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=KEY.encode(), **tagged("key-pair"))["KeyPairId"]

        def read(i):
            one = self.ec2.describe_key_pairs(KeyPairIds=[i])["KeyPairs"][0]
            self.assertEqual(one["KeyType"], "ed25519")
            return {"name": one["KeyName"], "tags": pairs(one["Tags"])}
        self.both_ways("aws.ec2.key_pair", {"name": "mine", "public_key": KEY, "tags": TAGS}, make, read, ("public_key",))

    def group_case(self, properties, **arguments):
        def make():
            self.ec2.create_placement_group(GroupName="ring", **arguments, **tagged("placement-group"))
            return "ring"

        def read(i):
            one = self.ec2.describe_placement_groups(GroupNames=[i])["PlacementGroups"][0]
            seen = {"name": one["GroupName"], "strategy": one["Strategy"], "spread_level": one.get("SpreadLevel"),
                    "partition_count": one.get("PartitionCount"), "tags": pairs(one["Tags"])}
            return {key: seen[key] for key in properties}
        self.both_ways("aws.ec2.placement_group", properties, make, read)

    def test_placement_group(self):
        self.group_case({"name": "ring", "strategy": "cluster", "tags": TAGS}, Strategy="cluster")

    def test_partition_group(self):
        self.group_case({"name": "ring", "strategy": "partition", "partition_count": 3, "tags": TAGS},
                        Strategy="partition", PartitionCount=3)

    def test_spread_group(self):
        self.group_case({"name": "ring", "strategy": "spread", "spread_level": "rack", "tags": TAGS}, Strategy="spread",
                        SpreadLevel="rack")


class LookUps(Ec2, BothWays):
    """What exists, and what it costs: read by llmforge, the same as boto3 reads."""

    def outputs(self, data, outputs):
        import json
        import pathlib
        import tempfile
        with tempfile.TemporaryDirectory() as self.folder:
            spec = {"llmforge": 1, "stack": "look", "provider": "aws", "region": REGION, "data": data, "outputs": outputs}
            pathlib.Path(self.folder, "llmforge.yaml").write_text(json.dumps(spec))
            self.llmforge("apply", "--auto-approve")
            return {key: json.loads(self.llmforge("output", key, "--json")) for key in outputs}

    def test_subnets(self):
        vpc = self.vpc()
        ids = [self.subnet(vpc, f"10.1.{n}.0/24") for n in (1, 2, 3)]
        self.ec2.modify_subnet_attribute(SubnetId=ids[1], MapPublicIpOnLaunch={"Value": True})
        self.subnet(self.vpc())  # another VPC's
        self.ec2.get_waiter("subnet_available").wait(SubnetIds=ids, WaiterConfig={"Delay": 1})
        type_name = "aws.ec2.subnets"
        seen = self.outputs(
            {"all": {"type": type_name, "vpc": vpc}, "public": {"type": type_name, "vpc": vpc, "public": True}},
            {"all": "${data['all'].map(s, s.id)}", "public": "${data['public'].map(s, s.id)}",
             "first": "${string(data['all'][0].cidr)}", "free": "${data['all'][0].free_addresses}"})
        self.assertEqual(seen, {"all": ids, "public": [ids[1]], "first": "10.1.1.0/24", "free": 251})

    def test_spot_price(self):
        there = self.ec2.describe_spot_price_history(InstanceTypes=["g5.xlarge"], ProductDescriptions=["Linux/UNIX"])
        prices = {p["AvailabilityZone"]: float(p["SpotPrice"]) for p in there["SpotPriceHistory"]}
        self.assertEqual(len(prices), 4)
        seen = self.outputs({"price": {"type": "aws.ec2.spot_price", "instance_type": "g5.xlarge"}},
                            {"zones": "${data.price.map(p, p.zone)}", "prices": "${data.price.map(p, p.price)}"})
        self.assertEqual(dict(zip(seen["zones"], seen["prices"])), prices)

    def test_quota(self):
        quota = client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-DB2E81BA")["Quota"]
        seen = self.outputs({"quota": {"type": "aws.servicequotas.quota", "service": "ec2", "code": "L-DB2E81BA"}},
                            {"value": "${data.quota.value}", "name": "${data.quota.name}"})
        self.assertEqual(seen, {"value": quota["Value"], "name": quota["QuotaName"]})

ENDPOINT_POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}


class Endpoints(Ec2, BothWays):
    def case(self, properties, unseen=(), **arguments):
        def make():
            return self.ec2.create_vpc_endpoint(**tagged("vpc-endpoint"), **arguments)["VpcEndpoint"]["VpcEndpointId"]

        def read(i):
            one = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[i])["VpcEndpoints"][0]
            dns = one.get("DnsOptions", {})
            seen = {
                "vpc": one["VpcId"], "endpoint_type": one["VpcEndpointType"], "service_name": one.get("ServiceName"),
                "service_region": one.get("ServiceRegion"), "policy": json.loads(one["PolicyDocument"]),
                "resource_configuration_arn": one.get("ResourceConfigurationArn"),
                "service_network_arn": one.get("ServiceNetworkArn"), "route_tables": one.get("RouteTableIds"),
                "subnets": one.get("SubnetIds"), "security_groups": [g["GroupId"] for g in one.get("Groups", [])],
                "private_dns": one.get("PrivateDnsEnabled"), "ip_address_type": one.get("IpAddressType"),
                "dns_record_ip_type": dns.get("DnsRecordIpType"),
                "private_dns_only_for_inbound_resolver_endpoint": dns.get("PrivateDnsOnlyForInboundResolverEndpoint"),
                "private_dns_preference": dns.get("PrivateDnsPreference"),
                "private_dns_specified_domains": dns.get("PrivateDnsSpecifiedDomains"), "tags": pairs(one["Tags"])}
            return {key: seen[key] for key in properties if key not in unseen}
        self.both_ways("aws.ec2.vpc_endpoint", properties, make, read, unseen)

    def test_gateway(self):
        vpc = self.vpc()
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        service = f"com.amazonaws.{REGION}.s3"
        self.case({"vpc": vpc, "endpoint_type": "Gateway", "service_name": service, "policy": ENDPOINT_POLICY,
                   "route_tables": [table], "tags": TAGS}, VpcId=vpc, ServiceName=service, RouteTableIds=[table],
                  PolicyDocument=json.dumps(ENDPOINT_POLICY))

    def test_interface(self):
        vpc = self.vpc()
        subnet, group, service = self.subnet(vpc), self.group(vpc), f"com.amazonaws.{REGION}.ecr.api"
        dns = {"DnsRecordIpType": "dualstack", "PrivateDnsOnlyForInboundResolverEndpoint": False}
        self.case({"vpc": vpc, "endpoint_type": "Interface", "service_name": service, "service_region": REGION,
                   "subnets": [subnet], "security_groups": [group], "private_dns": True, "ip_address_type": "dualstack",
                   "dns_record_ip_type": "dualstack", "private_dns_only_for_inbound_resolver_endpoint": False,
                   "subnet_addresses": [{"subnet": subnet, "ipv4": "10.1.1.20"}], "tags": TAGS},
                  ("subnet_addresses",), VpcId=vpc, VpcEndpointType="Interface", ServiceName=service, SubnetIds=[subnet],
                  SecurityGroupIds=[group], PrivateDnsEnabled=True, IpAddressType="dualstack", DnsOptions=dns,
                  ServiceRegion=REGION, SubnetConfigurations=[{"SubnetId": subnet, "Ipv4": "10.1.1.20"}])

    def test_lattice(self):
        vpc = self.vpc()
        resource = f"arn:aws:vpc-lattice:{REGION}:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
        network = f"arn:aws:vpc-lattice:{REGION}:123456789012:servicenetwork/sn-0123456789abcdef0"
        self.case({"vpc": vpc, "endpoint_type": "Resource", "resource_configuration_arn": resource, "tags": TAGS},
                  VpcId=vpc, VpcEndpointType="Resource", ResourceConfigurationArn=resource)
        self.case({"vpc": vpc, "endpoint_type": "ServiceNetwork", "service_network_arn": network, "tags": TAGS,
                   "private_dns_preference": "SPECIFIED_DOMAINS_ONLY", "private_dns_specified_domains": ["a.example.com"]},
                  VpcId=vpc, VpcEndpointType="ServiceNetwork", ServiceNetworkArn=network, DnsOptions={
                      "PrivateDnsPreference": "SPECIFIED_DOMAINS_ONLY", "PrivateDnsSpecifiedDomains": ["a.example.com"]})


class Templates(Ec2, BothWays):
    IMAGE = "ami-0d1e2a3f4b5c60002"

    def case(self, data, wire, versions=1, **more):
        """`wire`: the same as boto3 has it."""
        def make():
            made = self.ec2.create_launch_template(
                LaunchTemplateName="trainer", LaunchTemplateData=wire if versions == 1 else {"ImageId": self.IMAGE},
                VersionDescription="what it is for", **tagged("launch-template"))["LaunchTemplate"]["LaunchTemplateId"]
            if versions > 1:
                self.ec2.create_launch_template_version(LaunchTemplateId=made, LaunchTemplateData=wire,
                                                        VersionDescription="what it is for")
            return made

        def read(i):
            one = self.ec2.describe_launch_templates(LaunchTemplateIds=[i])["LaunchTemplates"][0]
            newest = self.ec2.describe_launch_template_versions(LaunchTemplateId=i, Versions=["$Latest"])[
                "LaunchTemplateVersions"][0]
            self.assertEqual(newest["VersionNumber"], one["LatestVersionNumber"])
            same = json.loads(json.dumps(newest["LaunchTemplateData"], default=str))
            self.assertEqual(same, {**wire, **({"UserData": wire["UserData"]} if "UserData" in wire else {})})
            seen = {"name": one["LaunchTemplateName"], "version_description": newest["VersionDescription"], "data": data,
                    "tags": pairs(one["Tags"]), "default_version": one["DefaultVersionNumber"]}
            return {key: seen[key] for key in properties if key != "update_default"}
        properties = {"name": "trainer", "version_description": "what it is for", "data": data, "tags": TAGS, **more}
        self.both_ways("aws.ec2.launch_template", properties, make, read, ("update_default",))

    def test_by_type(self):
        import base64
        vpc = self.vpc()
        subnet, group = self.subnet(vpc), self.group(vpc)
        script = "#!/bin/sh\necho ready\n"
        self.case(
            {"image": self.IMAGE, "instance_type": "g5.xlarge", "key_name": "mine", "user_data": script,
             "block_device_mappings": [{"device_name": "/dev/sda1", "size": "200GiB", "volume_type": "gp3", "encrypted": True,
                                        "delete_on_termination": True}],
             "network_interfaces": [{"device_index": 0, "subnet": subnet, "security_groups": [group], "public_ip": False}],
             "market": "spot", "spot_max_price": "0.90", "http_tokens": "required", "http_put_response_hop_limit": 2,
             "shutdown_behavior": "terminate", "monitoring": True,
             "tag_specifications": [{"resource_type": "instance", "tags": {"Team": "ml"}}]},
            {"ImageId": self.IMAGE, "InstanceType": "g5.xlarge", "KeyName": "mine",
             "UserData": base64.b64encode(script.encode()).decode(),
             "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 200, "VolumeType": "gp3",
                                                                         "Encrypted": True, "DeleteOnTermination": True}}],
             "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "AssociatePublicIpAddress": False}],
             "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.90"}},
             "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
             "InstanceInitiatedShutdownBehavior": "terminate", "Monitoring": {"Enabled": True},
             "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Team", "Value": "ml"}]}]})

    def test_by_requirements(self):
        self.case(
            {"image": self.IMAGE, "vcpu_min": 8, "memory_min": "32GiB", "accelerator_types": ["gpu"],
             "accelerator_manufacturers": ["nvidia"], "accelerator_count_min": 1, "allowed_instance_types": ["g5.*", "g6.*"]},
            {"ImageId": self.IMAGE, "InstanceRequirements": {
                "VCpuCount": {"Min": 8}, "MemoryMiB": {"Min": 32768}, "AcceleratorTypes": ["gpu"],
                "AcceleratorManufacturers": ["nvidia"], "AcceleratorCount": {"Min": 1},
                "AllowedInstanceTypes": ["g5.*", "g6.*"]}},
            default_version=1, update_default=False)


EXCUSED = {
    "aws.ec2.elastic_ip": {"ipam_pool_id": "address pools are no type here"},
}

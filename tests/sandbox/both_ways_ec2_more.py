# SPDX-License-Identifier: Apache-2.0
"""Both ways round: what stands around machines and networks (addresses, keys, templates, disks)."""
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


EXCUSED = {
    "aws.ec2.elastic_ip": {"ipam_pool_id": "address pools are no type here"},
}

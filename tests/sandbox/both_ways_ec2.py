# SPDX-License-Identifier: Apache-2.0
"""Both ways round: networks and machines."""
import base64

from both_ways import REGION, BothWays, boto_tags, client, pairs

TAGS = {"Name": "both", "Team": "ml"}


def tagged(kind, tags=None):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": boto_tags(tags or TAGS)}]}


class Ec2:
    """What the cases below begin with."""

    def setUp(self):
        super().setUp()
        self.ec2 = client("ec2")

    def vpc(self, **more):
        return self.ec2.create_vpc(CidrBlock="10.1.0.0/16", **more)["Vpc"]["VpcId"]

    def subnet(self, vpc, cidr="10.1.1.0/24"):
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]

    def group(self, vpc, name="other"):
        return self.ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]


class Network(Ec2, BothWays):
    def test_vpc(self):
        attributes = {"dns_support": "enableDnsSupport", "dns_hostnames": "enableDnsHostnames",
                      "network_address_usage_metrics": "enableNetworkAddressUsageMetrics"}

        def make():
            vpc = self.vpc(InstanceTenancy="dedicated", AmazonProvidedIpv6CidrBlock=True, **tagged("vpc"))
            for name in ("EnableDnsHostnames", "EnableNetworkAddressUsageMetrics"):
                self.ec2.modify_vpc_attribute(VpcId=vpc, **{name: {"Value": True}})
            return vpc

        def read(i):
            vpc = self.ec2.describe_vpcs(VpcIds=[i])["Vpcs"][0]
            out = {"cidr": vpc["CidrBlock"], "instance_tenancy": vpc["InstanceTenancy"], "tags": pairs(vpc["Tags"]),
                   "amazon_provided_ipv6_cidr_block": bool(vpc.get("Ipv6CidrBlockAssociationSet"))}
            for name, attribute in attributes.items():
                answer = self.ec2.describe_vpc_attribute(VpcId=i, Attribute=attribute)
                out[name] = answer[attribute[0].upper() + attribute[1:]]["Value"]
            return out
        self.both_ways("aws.ec2.vpc", {
            "cidr": "10.1.0.0/16", "instance_tenancy": "dedicated", "dns_support": True, "dns_hostnames": True,
            "network_address_usage_metrics": True, "amazon_provided_ipv6_cidr_block": True, "tags": TAGS}, make, read)

    def subnet_case(self, properties, make):
        self.both_ways("aws.ec2.subnet", properties, make, lambda i: self.read_subnet(i, properties))

    def read_subnet(self, i, keys):
        subnet = self.ec2.describe_subnets(SubnetIds=[i])["Subnets"][0]
        names = subnet["PrivateDnsNameOptionsOnLaunch"]
        ranges = subnet["Ipv6CidrBlockAssociationSet"]
        seen = {
            "vpc": subnet["VpcId"], "cidr": subnet.get("CidrBlock"), "zone": subnet["AvailabilityZone"],
            "zone_id": subnet["AvailabilityZoneId"], "ipv6_cidr": ranges[0]["Ipv6CidrBlock"] if ranges else None,
            "ipv6_native": subnet["Ipv6Native"], "public_addresses": subnet["MapPublicIpOnLaunch"],
            "ipv6_addresses": subnet["AssignIpv6AddressOnCreation"], "dns64": subnet["EnableDns64"],
            "hostname_type": names["HostnameType"], "resource_name_dns_a_record": names["EnableResourceNameDnsARecord"],
            "resource_name_dns_aaaa_record": names["EnableResourceNameDnsAAAARecord"], "tags": pairs(subnet.get("Tags", []))}
        return {key: seen[key] for key in keys}

    def test_subnet(self):
        vpc = self.vpc(AmazonProvidedIpv6CidrBlock=True)
        block = self.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        ipv6 = block.replace("/56", "/64")

        def make():
            subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZone=REGION + "b",
                                            Ipv6CidrBlock=ipv6, **tagged("subnet"))["Subnet"]["SubnetId"]
            for name in ("MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation", "EnableDns64",
                         "EnableResourceNameDnsARecordOnLaunch", "EnableResourceNameDnsAAAARecordOnLaunch"):
                self.ec2.modify_subnet_attribute(SubnetId=subnet, **{name: {"Value": True}})
            self.ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
            return subnet
        self.subnet_case({
            "vpc": vpc, "cidr": "10.1.1.0/24", "zone": REGION + "b", "ipv6_cidr": ipv6,
            "ipv6_native": False, "public_addresses": True, "ipv6_addresses": True, "dns64": True,
            "hostname_type": "resource-name", "resource_name_dns_a_record": True, "resource_name_dns_aaaa_record": True,
            "tags": TAGS}, make)

    def test_subnet_by_zone_id(self):
        vpc = self.vpc()
        self.subnet_case({"vpc": vpc, "cidr": "10.1.1.0/24", "zone_id": "usw2-az3"}, lambda: self.ec2.create_subnet(
            VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZoneId="usw2-az3")["Subnet"]["SubnetId"])

    def test_internet_gateway(self):
        vpc = self.vpc()

        def make():
            gateway = self.ec2.create_internet_gateway(**tagged("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
            self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
            return gateway

        def read(i):
            gateway = self.ec2.describe_internet_gateways(InternetGatewayIds=[i])["InternetGateways"][0]
            return {"vpc": gateway["Attachments"][0]["VpcId"], "tags": pairs(gateway["Tags"])}
        self.both_ways("aws.ec2.internet_gateway", {"vpc": vpc, "tags": TAGS}, make, read)

    def test_route_table(self):
        vpc = self.vpc()
        subnet = self.subnet(vpc)
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        names = {"DestinationCidrBlock": "destination", "DestinationIpv6CidrBlock": "destination_ipv6",
                 "GatewayId": "gateway"}

        def make():
            table = self.ec2.create_route_table(VpcId=vpc, **tagged("route-table"))["RouteTable"]["RouteTableId"]
            self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
            self.ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            return table

        def read(i):
            table = self.ec2.describe_route_tables(RouteTableIds=[i])["RouteTables"][0]
            routes = [{names[k]: v for k, v in route.items() if k in names} for route in table["Routes"]
                      if route["Origin"] == "CreateRoute"]
            return {"vpc": table["VpcId"], "routes": sorted(routes, key=str),
                    "associations": [{"subnet": one["SubnetId"]} for one in table["Associations"]],
                    "tags": pairs(table["Tags"])}
        self.both_ways("aws.ec2.route_table", {
            "vpc": vpc, "routes": [{"destination": "0.0.0.0/0", "gateway": gateway},
                                   {"destination_ipv6": "::/0", "gateway": gateway}],
            "associations": [{"subnet": subnet}], "tags": TAGS}, make, read)

    def rules(self, group, egress):
        names = {"IpProtocol": "protocol", "FromPort": "from_port", "ToPort": "to_port", "CidrIpv4": "cidr",
                 "CidrIpv6": "cidr_ipv6", "PrefixListId": "prefix_list", "Description": "description"}
        found = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
        out = []
        for rule in found["SecurityGroupRules"]:
            if rule["IsEgress"] != egress:
                continue
            one = {names[k]: v for k, v in rule.items() if k in names and v != ""}
            if "ReferencedGroupInfo" in rule:
                one["group"] = rule["ReferencedGroupInfo"]["GroupId"]
            out.append(one)
        return sorted(out, key=str)

    def test_security_group(self):
        vpc = self.vpc()
        other = self.group(vpc)
        ingress = sorted([
            {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8", "description": "ssh"},
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv6": "2001:db8::/32"},
            {"protocol": "udp", "from_port": 8000, "to_port": 9000, "group": other, "description": "peers"},
            {"protocol": "tcp", "from_port": 80, "to_port": 80, "prefix_list": "pl-02cd2c6b"}], key=str)
        egress = [{"protocol": "-1", "from_port": -1, "to_port": -1, "cidr": "10.1.0.0/16", "description": "inside"}]

        def make():
            group = self.ec2.create_security_group(GroupName="web", Description="what it is for", VpcId=vpc,
                                                   **tagged("security-group"))["GroupId"]
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                 "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "ssh"}]},
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]},
                {"IpProtocol": "udp", "FromPort": 8000, "ToPort": 9000,
                 "UserIdGroupPairs": [{"GroupId": other, "Description": "peers"}]},
                {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "PrefixListIds": [{"PrefixListId": "pl-02cd2c6b"}]}])
            self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
            self.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.1.0.0/16", "Description": "inside"}]}])
            return group

        def read(i):
            group = self.ec2.describe_security_groups(GroupIds=[i])["SecurityGroups"][0]
            return {"name": group["GroupName"], "description": group["Description"], "vpc": group["VpcId"],
                    "ingress": self.rules(i, False), "egress": self.rules(i, True), "tags": pairs(group["Tags"])}
        self.both_ways("aws.ec2.security_group", {
            "name": "web", "description": "what it is for", "vpc": vpc, "ingress": ingress, "egress": egress,
            "tags": TAGS}, make, read)


class Machines(Ec2, BothWays):
    def setUp(self):
        super().setUp()
        self.vpc_id = self.vpc()
        self.subnet_id = self.subnet(self.vpc_id)
        self.group_id = self.group(self.vpc_id)
        self.image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

    def attribute(self, i, name):
        answer = self.ec2.describe_instance_attribute(InstanceId=i, Attribute=name)
        return answer[name[0].upper() + name[1:]].get("Value")

    def read(self, i, keys):
        one = self.ec2.describe_instances(InstanceIds=[i])["Reservations"][0]["Instances"][0]
        metadata, placement, interface = one["MetadataOptions"], one["Placement"], one["NetworkInterfaces"][0]
        volumes = self.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [i]}])["Volumes"]
        reservation = one.get("CapacityReservationSpecification", {})
        cores, profile = one.get("CpuOptions", {}), one.get("IamInstanceProfile", {}).get("Arn", "")
        user_data = self.attribute(i, "userData")
        seen = {
            "image": one["ImageId"], "instance_type": one["InstanceType"], "subnet": one["SubnetId"],
            "security_groups": [g["GroupId"] for g in interface.get("Groups", [])], "private_ip": one.get("PrivateIpAddress"),
            "source_dest_check": one["SourceDestCheck"], "key_name": one.get("KeyName"),
            "instance_profile": profile.split("/")[-1], "market": one.get("InstanceLifecycle"),
            "user_data": base64.b64decode(user_data).decode() if user_data else None,
            "block_device_mappings": [{
                "device_name": v["Attachments"][0]["Device"], "size": f"{v['Size']}GiB", "volume_type": v["VolumeType"],
                "iops": v["Iops"], "throughput": v["Throughput"], "encrypted": v["Encrypted"],
                "delete_on_termination": v["Attachments"][0]["DeleteOnTermination"]} for v in volumes],
            "http_tokens": metadata["HttpTokens"], "http_endpoint": metadata["HttpEndpoint"],
            "http_put_response_hop_limit": metadata["HttpPutResponseHopLimit"],
            "http_protocol_ipv6": metadata["HttpProtocolIpv6"], "instance_metadata_tags": metadata["InstanceMetadataTags"],
            "disable_api_termination": self.attribute(i, "disableApiTermination"),
            "shutdown_behavior": self.attribute(i, "instanceInitiatedShutdownBehavior"),
            "monitoring": one["Monitoring"]["State"] == "enabled", "ebs_optimized": one["EbsOptimized"],
            "zone": placement["AvailabilityZone"], "tenancy": placement["Tenancy"],
            "placement_group": placement.get("GroupName"), "partition_number": placement.get("PartitionNumber"),
            "host_id": placement.get("HostId"),
            "capacity_reservation_preference": reservation.get("CapacityReservationPreference"),
            "capacity_reservation": reservation.get("CapacityReservationTarget", {}).get("CapacityReservationId"),
            "core_count": cores.get("CoreCount"), "threads_per_core": cores.get("ThreadsPerCore"),
            "hibernation": one.get("HibernationOptions", {}).get("Configured"),
            "enclave": one.get("EnclaveOptions", {}).get("Enabled"),
            "auto_recovery": one.get("MaintenanceOptions", {}).get("AutoRecovery"), "tags": pairs(one["Tags"]),
            "public_ip": "PublicIpAddress" in one}
        return {key: seen[key] for key in keys}

    def case(self, properties, unseen=(), **arguments):
        base = {"image": self.image, "subnet": self.subnet_id, "tags": TAGS}
        properties = {**base, **properties}
        keys = [key for key in properties if key not in unseen]

        def make():
            return self.ec2.run_instances(
                ImageId=self.image, InstanceType=properties["instance_type"], MinCount=1, MaxCount=1,
                **tagged("instance"), **arguments)["Instances"][0]["InstanceId"]
        self.both_ways("aws.ec2.instance", properties, make, lambda i: self.read(i, keys), unseen)

    def test_on_demand(self):
        iam = client("iam")
        iam.create_instance_profile(InstanceProfileName="trainer")
        script = "#!/bin/sh\necho ready\n"
        self.case(
            {"instance_type": "g5.xlarge", "security_groups": [self.group_id], "public_ip": True, "private_ip": "10.1.1.77",
             "key_name": "mine", "instance_profile": "trainer", "user_data": script,
             "block_device_mappings": [{"device_name": "/dev/sda1", "size": "200GiB", "volume_type": "gp3", "iops": 4000,
                                        "throughput": 250, "encrypted": True, "delete_on_termination": True}],
             "http_tokens": "required", "http_endpoint": "enabled", "http_put_response_hop_limit": 2,
             "http_protocol_ipv6": "disabled", "instance_metadata_tags": "enabled", "disable_api_termination": False,
             "shutdown_behavior": "terminate", "monitoring": True, "ebs_optimized": True, "source_dest_check": True,
             "capacity_reservation_preference": "open"},
            NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": self.subnet_id, "Groups": [self.group_id],
                                "AssociatePublicIpAddress": True, "PrivateIpAddress": "10.1.1.77"}],
            KeyName="mine", IamInstanceProfile={"Name": "trainer"}, UserData=script,
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {
                "VolumeSize": 200, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250, "Encrypted": True,
                "DeleteOnTermination": True}}],
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"},
            InstanceInitiatedShutdownBehavior="terminate",
            CapacityReservationSpecification={"CapacityReservationPreference": "open"}, Monitoring={"Enabled": True}, EbsOptimized=True)

    def test_spot(self):
        self.case(
            {"instance_type": "g5.2xlarge", "market": "spot", "spot_type": "one-time", "spot_max_price": "0.90",
             "spot_interruption_behavior": "terminate", "spot_valid_until": "2027-01-01T00:00:00Z",
             "http_put_response_hop_limit": 2, "cpu_credits": "standard"},
            unseen=("spot_type", "spot_max_price", "spot_interruption_behavior", "spot_valid_until", "cpu_credits"),
            SubnetId=self.subnet_id, CreditSpecification={"CpuCredits": "standard"}, InstanceMarketOptions={
                "MarketType": "spot", "SpotOptions": {"SpotInstanceType": "one-time", "MaxPrice": "0.90",
                                                      "InstanceInterruptionBehavior": "terminate",
                                                      "ValidUntil": "2027-01-01T00:00:00Z"}})

    def test_placed(self):
        self.ec2.create_placement_group(GroupName="ring", Strategy="partition", PartitionCount=2)
        self.case(
            {"instance_type": "p4d.24xlarge", "zone": REGION + "a", "tenancy": "dedicated", "placement_group": "ring",
             "partition_number": 2, "host_id": "h-0123456789abcdef0", "core_count": 24, "threads_per_core": 1,
             "hibernation": False, "enclave": False, "auto_recovery": "disabled", "http_put_response_hop_limit": 2,
             "capacity_reservation": "cr-0123456789abcdef0"},
            SubnetId=self.subnet_id, Placement={
                "AvailabilityZone": REGION + "a", "Tenancy": "dedicated", "GroupName": "ring", "PartitionNumber": 2,
                "HostId": "h-0123456789abcdef0"},
            CpuOptions={"CoreCount": 24, "ThreadsPerCore": 1}, HibernationOptions={"Configured": False},
            EnclaveOptions={"Enabled": False}, MaintenanceOptions={"AutoRecovery": "disabled"},
            CapacityReservationSpecification={
                "CapacityReservationTarget": {"CapacityReservationId": "cr-0123456789abcdef0"}})


EXCUSED = {
    "aws.ec2.vpc": dict.fromkeys(
        ("ipv4_ipam_pool_id", "ipv4_netmask_length", "ipv6_pool", "ipv6_cidr", "ipv6_ipam_pool_id",
         "ipv6_netmask_length", "ipv6_network_border_group"), "address pools are no type here"),
    "aws.ec2.subnet": {"ipv4_ipam_pool_id": "address pools are no type here",
                       "ipv4_netmask_length": "address pools are no type here", "outpost_arn": "Outposts are no type here"},
    "aws.ec2.instance": {"ipv6_address_count": "the model cloud gives machines no IPv6 addresses"},
}
